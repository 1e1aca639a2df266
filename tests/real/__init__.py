"""Against real counterparts, installed and started for it: HAProxy, a mail server, an identity provider."""
