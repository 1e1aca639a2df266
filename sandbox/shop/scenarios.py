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
        Scenario("failed_deploy", "Fail the deploy", "the new release does not start; eu-1 stays down", (PAYMENT_KEY,)),
    )
}
