CREATE TABLE receipts (
    order_id INTEGER PRIMARY KEY REFERENCES orders (id),
    text TEXT NOT NULL
);
