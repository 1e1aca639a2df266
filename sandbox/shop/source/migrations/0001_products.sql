CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, cents INTEGER NOT NULL);
INSERT INTO products (name, cents) VALUES
    ('Enamel mug', 1450), ('Canvas bag', 2490), ('Wool blanket', 8900), ('Desk lamp', 6400),
    ('Notebook, dotted', 1290), ('Pocket knife', 3950), ('Tea, 100 g', 890), ('Oak stool', 14900);
