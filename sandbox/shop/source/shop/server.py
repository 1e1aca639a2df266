"""The shop over HTTP."""

import json
import sys
import time
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from shop import cart, checkout, flags, products, settings, storefront
from shop.database import Row

REFUSALS = (cart.TooMany, checkout.EmptyCart)
VISITOR = 0
HTML = "text/html; charset=utf-8"


def health(_: Row) -> Row:
    return {"status": "ok", "instance": settings.INSTANCE, "release": settings.RELEASE}


def browse(_: Row) -> list[Row]:
    return products.all_products()


def add_to_cart(asked: Row) -> list[Row]:
    cart.add(int(asked["customer"]), int(asked["product"]), int(asked.get("quantity", 1)))
    return cart.lines(int(asked["customer"]))


def check_out(asked: Row) -> Row:
    gift = bool(asked.get("gift")) and flags.is_on("gift-wrapping")
    return checkout.place_order(int(asked["customer"]), gift=gift)


def visit(_: Row) -> str:
    return storefront.page()


def buy(asked: Row) -> str:
    cart.add(VISITOR, int(asked["product"]), 1)
    order = checkout.place_order(VISITOR)
    return storefront.thanks(order["order"])


Route = Callable[[Row], object]

ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/"): visit,
    ("GET", "/health"): health,
    ("GET", "/products"): browse,
    ("POST", "/cart"): add_to_cart,
    ("POST", "/checkout"): check_out,
    ("POST", "/buy"): buy,
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.answer({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self.headers.get("Content-Type", "").startswith("application/json"):
            self.answer(json.loads(body))
        else:
            self.answer({name: values[0] for name, values in parse_qs(body).items()})

    def answer(self, asked: Row) -> None:
        route = ROUTES.get((self.command, self.path.partition("?")[0]))
        if route is None:
            self.send(404, {"error": f"There is no {self.path} here."})
            return
        try:
            self.send(200, route(asked))
        except REFUSALS as refused:
            self.send(409, {"error": str(refused)})
        except Exception:  # noqa: BLE001 - one broken request must not end the others
            traceback.print_exc()
            self.send(500, {"error": "Something went wrong on our side."})

    def send(self, status: int, content: object) -> None:
        body = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header("Content-Type", HTML if isinstance(content, str) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if int(code) >= 400:
            print(time.strftime("%H:%M:%S"), settings.INSTANCE, self.command, self.path, int(code), file=sys.stderr)


def serve(port: int) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    print(f"listening on port {server.server_address[1]}", flush=True)
    server.serve_forever()
