"""Bad merges by name: what each does to the shop, and how the demo tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.shop.edits import Edited, Tree


@dataclass(frozen=True, slots=True)
class BadChange:
    """One merge of a scenario: edits of the program as it stands on the branch, and whole new files."""

    title: str
    author: str
    edits: Sequence[Edited]
    new_files: Mapping[str, str]

    def files(self, tree: Tree) -> dict[str, str | None]:
        """The changed files' new texts; raises EditDoesNotFit where the tree is not as it was, or is broken already."""
        changed = dict(tree)
        for edit in self.edits:
            edit.apply(changed)
        return {**{edit.path: changed[edit.path] for edit in self.edits}, **self.new_files}

    def undone(self, title: str) -> "BadChange":
        """The change that takes this one's edits back under a title of its own."""
        return BadChange(title, self.author, [Edited(e.path, e.after, e.before) for e in reversed(self.edits)], {})


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    button: str
    effect: str
    changes: tuple[BadChange, ...]
    fix: BadChange | None = None
    again: str = ""
    """The title under which somebody breaks what the fix had mended."""


LOYALTY = '''"""Points for those who come back, while the flag loyalty-points is on."""

from shop import flags

MEMBERS = {0: 250, 4: 100, 8: 50}


def worth(customer: int) -> int:
    """What the customer's points take off the order, in cents."""
    if not flags.is_on("loyalty-points"):
        return 0
    return MEMBERS[customer % 12] // 100
'''

WAREHOUSE = '''"""What the warehouse has in stock."""

from threading import Event

ANSWERS_WITHIN_SECONDS = 0.15


def in_stock(product: int) -> bool:
    """Ask the warehouse about one product, and wait for its answer."""
    Event().wait(ANSWERS_WITHIN_SECONDS)
    return product > 0
'''

LOYALTY_POINTS = BadChange(
    "Loyalty points at checkout",
    "engineer",
    [
        Edited(
            "shop/checkout.py",
            "import cart, database, pricing, receipts\n",
            "import cart, database, loyalty, pricing, receipts\n",
        ),
        Edited("shop/checkout.py", "pricing.total(lines)\n", "pricing.total(lines) - loyalty.worth(customer)\n"),
    ],
    {"shop/loyalty.py": LOYALTY},
)

STOCK = BadChange(
    "List only what the warehouse has",
    "engineer",
    [
        Edited("shop/products.py", "from shop import database\n", "from shop import database, warehouse\n"),
        Edited(
            "shop/products.py",
            """        return [dict(row) for row in db.execute("SELECT id, name, cents FROM products ORDER BY id")]
""",
            """        rows = [dict(row) for row in db.execute("SELECT id, name, cents FROM products ORDER BY id")]
    return [row for row in rows if warehouse.in_stock(row["id"])]
""",
        ),
    ],
    {"shop/warehouse.py": WAREHOUSE},
)

SHIPPING = BadChange(
    "Tidy up the shipping rule",
    "reviewer",
    [
        Edited(
            "shop/pricing.py",
            "    return 0 if goods >= FREE_SHIPPING_FROM else SHIPPING\n",
            "    return SHIPPING if goods >= FREE_SHIPPING_FROM else 0\n",
        )
    ],
    {},
)

PACKING_FEE = BadChange(
    "Charge for packing",
    "engineer",
    [
        Edited("shop/pricing.py", "SHIPPING = 490\n", "SHIPPING = 490\nPACKING_BY_LINES = (0, 0)\n"),
        Edited(
            "shop/pricing.py",
            "    return goods - discount(goods) + shipping(goods)\n",
            "    return goods - discount(goods) + shipping(goods) + PACKING_BY_LINES[len(lines)]\n",
        ),
    ],
    {},
)

PACKING_FIRST = BadChange(
    "Book packing before shipping",
    "reviewer",
    [
        Edited(
            "shop/pricing.py",
            "    return goods - discount(goods) + shipping(goods) + PACKING_BY_LINES[len(lines)]\n",
            "    return goods - discount(goods) + PACKING_BY_LINES[len(lines)] + shipping(goods)\n",
        )
    ],
    {},
)

PAYMENT_KEY = BadChange(
    "Read the payment key from the environment",
    "engineer",
    [
        Edited(
            "shop/settings.py",
            '"unknown")\nDATABASE',
            '"unknown")\nPAYMENT_KEY = os.environ["SHOP_PAYMENT_KEY"]\nDATABASE',
        )
    ],
    {},
)

GUESTS_HAVE_NO_POINTS = BadChange(
    "Give guests no points instead of an error",
    "engineer",
    [Edited("shop/loyalty.py", "MEMBERS[customer % 12]", "MEMBERS.get(customer % 12, 0)")],
    {},
)

GIFT_WRAPPING_GONE = BadChange(
    "Stop wrapping gifts",
    "engineer",
    [
        Edited("shop/server.py", 'bool(asked.get("gift")) and flags.is_on("gift-wrapping")', "False"),
        Edited("shop/server.py", "cart, checkout, flags, products,", "cart, checkout, products,"),
    ],
    {"migrations/0007_no_gift_wrapping.sql": "ALTER TABLE orders DROP COLUMN gift_wrapped;\n"},
)

ORDERS_WITHOUT_WRAPPING = BadChange(
    "Order without naming the wrapping",
    "engineer",
    [
        Edited(
            "shop/checkout.py",
            'total_cents, gift_wrapped) VALUES (?, ?, ?)", [customer, total, gift]',
            'total_cents) VALUES (?, ?)", [customer, total]',
        )
    ],
    {},
)

CHANNEL = """-- SQLite adds no required column to a table that has rows, so the table is made anew.
CREATE TABLE orders_new (
    id INTEGER PRIMARY KEY,
    customer INTEGER NOT NULL,
    total_cents INTEGER NOT NULL,
    placed_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    gift_wrapped INTEGER NOT NULL DEFAULT 0,
    channel TEXT NOT NULL
);
INSERT INTO orders_new (id, customer, total_cents, placed_at, gift_wrapped, channel)
    SELECT id, customer, total_cents, placed_at, gift_wrapped, 'web' FROM orders;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;
CREATE INDEX orders_by_customer ON orders (customer);
"""

CHANNEL_OF_ORDERS = BadChange(
    "Note where an order came from",
    "engineer",
    [
        Edited(
            "shop/checkout.py",
            "\n\nclass EmptyCart(",
            '\nCHANNELS = {0: "app", 4: "phone", 8: "web"}\n\n\nclass EmptyCart(',
        ),
        Edited(
            "shop/checkout.py",
            'gift_wrapped) VALUES (?, ?, ?)", [customer, total, gift]\n',
            'gift_wrapped, channel) VALUES (?, ?, ?, ?)",\n'
            "            [customer, total, gift, CHANNELS[customer % 12]],\n",
        ),
    ],
    {"migrations/0007_channel_of_orders.sql": CHANNEL},
)

SALE = BadChange(
    "Show what is on sale",
    "engineer",
    [
        Edited("shop/products.py", "id, name, cents FROM", "id, name, cents, badge FROM"),
        Edited(
            "shop/products.py",
            "return [dict(row) for row in db",
            'return [{**row, "badge": row["badge"].upper()} for row in db',
        ),
    ],
    {"migrations/0007_badges.sql": "ALTER TABLE products ADD COLUMN badge TEXT;\n"},
)

FLAGS_TOKEN = BadChange(
    "Rotate the token of the flag server",
    "oncall",
    [
        Edited(
            "shop/settings.py", 'os.environ.get("SHOP_FLAGS_TOKEN", "")', 'os.environ.get("SHOP_FLAGS_TOKEN_NEXT", "")'
        ),
        Edited(
            "shop/flags.py",
            'json.load(answer)["features"] if answer.status == 200 else []',
            'json.load(answer)["features"]',
        ),
        Edited("shop/flags.py", "except (OSError, http.client.HTTPException, ValueError)", "except OSError"),
        Edited(
            "shop/flags.py",
            """            self.good_until = time.monotonic() + ASK_EVERY_SECONDS
            self.flags.update(ask())
""",
            """            self.flags.update(ask())
            self.good_until = time.monotonic() + ASK_EVERY_SECONDS
""",
        ),
        Edited("shop/server.py", 'bool(asked.get("gift")) and flags', "flags"),
    ],
    {},
)

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "errors",
            "Break the checkout",
            "three customers in four get a 500 when they pay",
            (LOYALTY_POINTS,),
            GUESTS_HAVE_NO_POINTS,
            again="Loyalty points for members alone",
        ),
        Scenario("latency", "Make it slow", "every product list waits for a warehouse", (STOCK,)),
        Scenario(
            "wrong_totals", "Charge wrongly", "shipping is charged the wrong way round; no alert fires", (SHIPPING,)
        ),
        Scenario(
            "conflict",
            "Break it, then build on it",
            "a later change sits on the broken lines",
            (PACKING_FEE, PACKING_FIRST),
        ),
        Scenario(
            "dropped_column",
            "Drop a column in use",
            "every order fails; the old code needs the column, too",
            (GIFT_WRAPPING_GONE,),
            ORDERS_WITHOUT_WRAPPING,
            again="Name the wrapping again",
        ),
        Scenario(
            "required_column",
            "Require a column",
            "three orders in four fail; the old code cannot order at all",
            (CHANNEL_OF_ORDERS,),
        ),
        Scenario("new_column", "Add a column", "no product list is answered; the old code would run", (SALE,)),
        Scenario("rotated_secret", "Rotate a secret", "every order fails; the old token may be dead", (FLAGS_TOKEN,)),
        Scenario("failed_deploy", "Fail the deploy", "the new release does not start; eu-1 stays down", (PAYMENT_KEY,)),
    )
}
