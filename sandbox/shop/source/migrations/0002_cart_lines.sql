CREATE TABLE cart_lines (
    id INTEGER PRIMARY KEY,
    customer INTEGER NOT NULL,
    product INTEGER NOT NULL REFERENCES products (id),
    quantity INTEGER NOT NULL
);
CREATE INDEX cart_lines_by_customer ON cart_lines (customer);
