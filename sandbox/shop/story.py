"""How the shop came to be: each step as what it added and what it changed, oldest first.

Among the last twenty are changes that revert cleanly, one that was undone already, some that a later change grew over,
one whose revert would break another file (the receipts), a rename, and migrations that add a table, an index, a column.
"""

from sandbox.shop.edits import Added, Edited, Renamed, Step

SERVER = "shop/server.py"
PRICING = "shop/pricing.py"
CHECKOUT = "shop/checkout.py"

FOUNDING = (
    Step(
        "Sell products over HTTP",
        "engineer",
        [
            *(
                Added(path)
                for path in ("README.md", "deploy", ".github/workflows/deploy.yml", "migrations/0001_products.sql")
            ),
            *(
                Added(f"shop/{name}.py")
                for name in ("__init__", "__main__", "settings", "database", "products", "server")
            ),
        ],
        merge="direct",
    ),
    Step(
        "Add the cart",
        "engineer",
        [
            Added("shop/cart.py"),
            Added("migrations/0002_cart_lines.sql"),
            Edited(SERVER, "from shop import products", "from shop import cart, products"),
            Edited(
                SERVER,
                "",
                """def add_to_cart(asked: Row) -> list[Row]:
    cart.add(int(asked["customer"]), int(asked["product"]), int(asked.get("quantity", 1)))
    return cart.lines(int(asked["customer"]))


""",
            ),
            Edited(SERVER, "", '    ("POST", "/cart"): add_to_cart,\n'),
        ],
    ),
    Step(
        "Add the checkout",
        "engineer",
        [
            Added(CHECKOUT),
            Added(PRICING),
            Added("migrations/0003_orders.sql"),
            Edited(SERVER, "from shop import cart, products", "from shop import cart, checkout, products"),
            Edited(SERVER, "", "REFUSALS = (checkout.EmptyCart,)\n"),
            Edited(
                SERVER,
                "",
                """def check_out(asked: Row) -> Row:
    return checkout.place_order(int(asked["customer"]))


""",
            ),
            Edited(SERVER, "", '    ("POST", "/checkout"): check_out,\n'),
            Edited(
                SERVER,
                "",
                """        except REFUSALS as refused:
            self.send(409, {"error": str(refused)})
""",
            ),
        ],
    ),
    Step("Test what an order costs", "reviewer", [Added("tests/test_pricing.py")], merge="direct"),
    Step(
        "Write down what on-call needs",
        "oncall",
        [
            Added("docs/on-call.md"),
            Edited("README.md", "", "See [docs/on-call.md](docs/on-call.md) when something is wrong.\n"),
        ],
        merge="direct",
    ),
)

GROWING = (
    Step(
        "Ship for free from 50 euros",
        "engineer",
        [
            Edited(PRICING, "", "FREE_SHIPPING_FROM = 5000\n"),
            Edited(PRICING, "return SHIPPING\n", "return 0 if goods >= FREE_SHIPPING_FROM else SHIPPING\n"),
            Edited("tests/test_pricing.py", "== 5000 + 490", "== 5000"),
        ],
        merge="squash",
    ),
    Step(
        "Log failed requests only",
        "engineer",
        [
            Edited(
                SERVER,
                "        print(time.strftime(",
                "        if int(code) >= 400:\n            print(time.strftime(",
            )
        ],
        merge="direct",
    ),
    Step(
        "Take five percent off large orders",
        "engineer",
        [
            Edited(PRICING, "", "BULK_FROM = 20000\nBULK_PERCENT = 5\n"),
            Edited(
                PRICING,
                "",
                """def discount(goods: int) -> int:
    if goods < BULK_FROM:
        return 0
    return goods * BULK_PERCENT // 100


""",
            ),
            Edited(PRICING, "return goods + shipping(goods)", "return goods - discount(goods) + shipping(goods)"),
            Edited(
                "tests/test_pricing.py",
                "",
                """

def test_a_large_order_is_cheaper() -> None:
    assert total([{"cents": 14900, "quantity": 2}]) == 29800 - 1490
""",
            ),
        ],
    ),
    Step(
        "Round the discount in the customer's favour",
        "reviewer",
        [
            Edited(
                PRICING,
                "    return goods * BULK_PERCENT // 100\n",
                "    return -(-goods * BULK_PERCENT // 100)  # rounded in the customer's favour\n",
            )
        ],
        merge="direct",
    ),
    Step(
        "Raise the discount on large orders to ten percent",
        "cto",
        [
            Edited(PRICING, "BULK_PERCENT = 5\n", "BULK_PERCENT = 10\n"),
            Edited("tests/test_pricing.py", "29800 - 1490", "29800 - 2980"),
        ],
    ),
    Step(
        "Keep a receipt of each order",
        "engineer",
        [
            Added("shop/receipts.py"),
            Added("migrations/0004_receipts.sql"),
            Edited(CHECKOUT, "import cart, database, pricing\n", "import cart, database, pricing, receipts\n"),
            Edited(CHECKOUT, "", "    receipts.keep(order, receipts.write(lines, total))\n"),
        ],
    ),
    Step(
        "Show the shop as a page",
        "reviewer",
        [
            Added("shop/page.py"),
            Edited(SERVER, "cart, checkout, products, settings", "cart, checkout, page, products, settings"),
            Edited(SERVER, "", 'HTML = "text/html; charset=utf-8"\n'),
            Edited(
                SERVER,
                "",
                """def visit(_: Row) -> str:
    return page.page()


""",
            ),
            Edited(SERVER, "", '    ("GET", "/"): visit,\n'),
            Edited(
                SERVER,
                "body = json.dumps(content)",
                "body = (content if isinstance(content, str) else json.dumps(content))",
            ),
            Edited(SERVER, '"application/json")', 'HTML if isinstance(content, str) else "application/json")'),
        ],
    ),
)

CACHED = """_kept: list[Row] = []


def all_products() -> list[Row]:
    if not _kept:
        with database.connection() as db:
            _kept.extend(dict(row) for row in db.execute("SELECT id, name, cents FROM products ORDER BY id"))
    return _kept
"""
UNCACHED = """def all_products() -> list[Row]:
    with database.connection() as db:
        return [dict(row) for row in db.execute("SELECT id, name, cents FROM products ORDER BY id")]
"""

LATELY = (
    Step("Read the product list once", "engineer", [Edited("shop/products.py", UNCACHED, CACHED)]),
    Step("Revert: Read the product list once", "oncall", [Edited("shop/products.py", CACHED, UNCACHED)]),
    Step(
        "Call the page what it is: the storefront",
        "reviewer",
        [
            Renamed("shop/page.py", "shop/storefront.py"),
            Edited(SERVER, "checkout, page, products, settings\n", "checkout, products, settings, storefront\n"),
            Edited(SERVER, "return page.page()", "return storefront.page()"),
        ],
        merge="direct",
    ),
    Step(
        "At most twenty pieces of one product",
        "engineer",
        [
            Edited(
                "shop/cart.py",
                "",
                '''MOST_OF_ONE_PRODUCT = 20


class TooMany(Exception):
    """More pieces than a line may have."""


''',
            ),
            Edited(
                "shop/cart.py",
                "",
                """    if quantity > MOST_OF_ONE_PRODUCT:
        raise TooMany(f"At most {MOST_OF_ONE_PRODUCT} pieces of one product.")
""",
            ),
            Edited(SERVER, "REFUSALS = (checkout.EmptyCart,)", "REFUSALS = (cart.TooMany, checkout.EmptyCart)"),
        ],
    ),
    Step(
        "Say which release answers",
        "oncall",
        [
            Edited(
                SERVER,
                'return {"status": "ok", "instance": settings.INSTANCE}',
                'return {"status": "ok", "instance": settings.INSTANCE, "release": settings.RELEASE}',
            )
        ],
        merge="direct",
    ),
    Step(
        "Find a customer's orders faster", "engineer", [Added("migrations/0005_orders_by_customer.sql")], merge="squash"
    ),
    Step(
        "Tell customers why nothing was bought",
        "reviewer",
        [Edited(CHECKOUT, '"Empty cart."', '"The cart is empty: put something into it first."')],
        merge="squash",
    ),
    Step(
        "Wrap orders as a gift",
        "engineer",
        [
            Added("migrations/0006_gift_wrapping.sql"),
            Edited(CHECKOUT, "(customer: int) -> Row", "(customer: int, *, gift: bool = False) -> Row"),
            Edited(
                CHECKOUT,
                'total_cents) VALUES (?, ?)", [customer, total]\n',
                'total_cents, gift_wrapped) VALUES (?, ?, ?)", [customer, total, gift]\n',
            ),
            Added("shop/flags.py"),
            Edited(
                "shop/settings.py",
                "",
                'FLAGS = os.environ.get("SHOP_FLAGS", "")\nFLAGS_TOKEN = os.environ.get("SHOP_FLAGS_TOKEN", "")\n',
            ),
            Edited(SERVER, "cart, checkout, products,", "cart, checkout, flags, products,"),
            Edited(
                SERVER,
                '    return checkout.place_order(int(asked["customer"]))\n',
                """    gift = bool(asked.get("gift")) and flags.is_on("gift-wrapping")
    return checkout.place_order(int(asked["customer"]), gift=gift)
""",
            ),
        ],
    ),
    Step(
        "Let visitors buy from the storefront",
        "engineer",
        [
            Edited(SERVER, "", "VISITOR = 0\n"),
            Edited(
                SERVER,
                "",
                """def buy(asked: Row) -> str:
    cart.add(VISITOR, int(asked["product"]), 1)
    order = checkout.place_order(VISITOR)
    return storefront.thanks(order["order"])


""",
            ),
            Edited(SERVER, "", '    ("POST", "/buy"): buy,\n'),
            Edited(
                "shop/storefront.py",
                "</strong></li>",
                """</strong><form method="post" action="buy">
<input type="hidden" name="product" value="{id}"><button>Buy</button></form></li>""",
            ),
        ],
    ),
    Step(
        "Welcome customers",
        "cto",
        [Edited("shop/storefront.py", 'WELCOME = "The shop"', 'WELCOME = "Good things, sent within a week"')],
        merge="direct",
    ),
    Step(
        "We send the same day now",
        "reviewer",
        [Edited("shop/storefront.py", "sent within a week", "sent today")],
        merge="direct",
    ),
    Step(
        "Explain the latency alert to on-call",
        "oncall",
        [Edited("docs/on-call.md", "", "- `ShopLatencyHigh`: one answer in twenty takes longer than 0.8 seconds.\n")],
        merge="direct",
    ),
    Step("Stop at once when told to", "engineer", [Edited(SERVER, "", "    server.daemon_threads = True\n")]),
    Step(
        "Deploy from Ubuntu 24.04",
        "oncall",
        [Edited(".github/workflows/deploy.yml", "ubuntu-22.04", "ubuntu-24.04")],
    ),
)

STORY = (*FOUNDING, *GROWING, *LATELY)
