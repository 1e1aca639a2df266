"""The organisation's identity provider (OpenID Connect): who comes in by it, with which roles, and how fresh."""
