"""Talking to the world: each outside system as a Protocol in our words, and the adapters that speak to the real ones.

A ground room: it knows neither Django nor Celery nor the rooms beside it. Addresses and credentials are given to the
adapters, never read here. What cannot be done leaves as `errors.IntegrationError`, what cannot be read as
`errors.UnreadableDelivery`; nothing else does.

    code_host   <- github (its calls), github_rest (pages, ETags), github_answers, github_rules; credentials
    chat        <- slack (slack_blocks lays out buttons, slack_actions reads their presses)
    paging      <- better_stack; flags <- unleash; drains <- haproxy
    status_page <- better_stack_status
    secrets     <- vault
    metrics     <- prometheus
    git         the warm bare mirror of a repository, and the one push (R1)
    webhooks    github_events and alertmanager read what is sent to us, signatures tells whether it is genuine
    fourth      signed_webhook, webhook_providers: an organisation's own tools in place of any of these
    underneath  outbound: one HTTP exchange and its failures; fields: reading JSON tolerantly
"""
