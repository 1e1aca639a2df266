"""A small shop: products, a cart, a checkout."""
