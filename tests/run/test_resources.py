"""What nobody gave is found in lists or made, asked for, and ended: what is somebody else's never is."""

import json
from typing import Any

import pytest

from .orders import ID, LINES, NEW, ONE, ORDER, Orders, a_list, document, operation, path_parameter, shown
from .projects import Project, Run, answer


def run(project: Project, orders: Orders, *args: str, spec: dict[str, Any] | None = None) -> Run:
    project.write(spec or document())
    return project.run("-q", "--base-url", project.serve(orders), *args)  # type: ignore[arg-type]


def exercised(made: Run, operation: str, status: str = "200") -> bool:
    """Whether answers of an operation with a status came to its body."""
    own = [verdict for rule, verdict in made.verdicts.items() if rule.startswith(f"{operation} {status} ")]
    return bool(own) and all(verdict["exercised"] for verdict in own)


def test_ids_of_lists_are_followed_however_deep(project: Project) -> None:
    orders = Orders.with_two()
    made = run(project, orders)
    assert made.code == 0, made.out
    assert exercised(made, f"GET {ONE}")
    assert exercised(made, f"GET {LINES}")
    assert exercised(made, f"GET {LINES}/{{line_no}}")
    assert {"/orders/1/lines/4", "/orders/2/lines/5", "/orders/2/lines/6"} <= {*orders.of("GET")}
    assert {line.split(" ")[0] for line in orders.asked} <= {"GET", "HEAD", "TRACE", "OPTIONS"}


def test_lists_come_back_filled_where_filters_are_tried(project: Project) -> None:
    orders = Orders.with_two()
    made = run(project, orders, "--contract-operation=listOrders")
    filtered = [target for target in orders.of("GET") if "status=sent" in target or "status=open" in target]
    assert (made.code, len(filtered) > 3) == (0, True)
    notes = [json.loads(line) for line in (project.folder / "build/contract/exchanges.jsonl").read_text().splitlines()]
    wanted = [note for note in notes if note.get("note") == "filtered by what the list has"]
    assert {note["target"] for note in wanted} == {"/orders?status=sent", "/orders?status=open"}
    assert all(note["given"] == [] for note in wanted)


def test_own_resources_are_made_used_and_ended(project: Project) -> None:
    orders = Orders.with_two()
    made = run(project, orders, "--contract-unsafe")
    assert made.code == 0, made.out
    assert exercised(made, f"PATCH {ONE}")
    assert exercised(made, f"POST {ONE}/cancel")
    assert made.verdicts[f"DELETE {ONE} status documented"]["exercised"] > 1
    assert "204" in made.report["operations"][f"DELETE {ONE}"]["statuses"]
    assert {*orders.status} == {1, 2}
    assert orders.status == {1: "sent", 2: "open"}
    assert {*orders.of("DELETE")}.isdisjoint({"/orders/1", "/orders/2"})
    # A made-up id may be somebody's, whose lines no operation ends.
    (note,) = (note for note in made.report["notes"] if "of its own" in note)
    assert "/lines/" in note.partition("left are ")[2] or note.endswith("and ended them")


def test_what_is_given_is_changed_and_no_other(project: Project) -> None:
    orders = Orders.with_two()
    made = run(project, orders, "--contract-unsafe", "--contract-param=order_id=2", "--contract-operation=updateOrder")
    assert (made.code, "/orders/2" in orders.of("PATCH"), orders.of("POST")) == (0, True, [])


@pytest.mark.parametrize("operation_id", ["deleteOrder", "cancelOrder"])
def test_one_operation_alone_makes_what_it_needs(operation_id: str, project: Project) -> None:
    orders = Orders.with_two()
    made = run(project, orders, "--contract-unsafe", f"--contract-operation={operation_id}")
    assert (made.code, orders.status) == (0, {1: "sent", 2: "open"}), made.out
    assert "the run made 2 resources of its own, and ended them" in made.report["notes"]
    assert {key for key, own in made.report["operations"].items() if own["exchanges"]} == {
        f"DELETE {ONE}" if operation_id == "deleteOrder" else f"POST {ONE}/cancel"
    }


def test_an_answer_without_201_is_of_a_new_resource_where_asking_again_makes_another(project: Project) -> None:
    orders, spec = Orders.with_two(created=200), document()
    spec["paths"]["/orders"] = {
        "get": spec["paths"]["/orders"]["get"],
        "post": operation("createOrder", "200", ORDER, takes=NEW),
    }
    made = run(project, orders, "--contract-unsafe", spec=spec)
    assert (made.code, orders.status) == (0, {1: "sent", 2: "open"}), made.out
    assert exercised(made, f"POST {ONE}/cancel")


def test_what_was_there_before_is_never_ended(project: Project) -> None:
    new = {**NEW, "example": {"customer": "somebody"}}
    orders, spec = Orders.with_two(created=200, wanted=["somebody"]), document()
    spec["paths"]["/orders"] = {
        "get": spec["paths"]["/orders"]["get"],
        "post": operation("createOrder", "200", ORDER, takes=new),
    }
    made = run(project, orders, "--contract-unsafe", spec=spec)
    assert made.code == 0, made.out
    assert orders.status.items() >= {1: "sent", 2: "open"}.items()


def test_an_overlay_says_that_nothing_is_created(project: Project) -> None:
    orders, spec = Orders.with_two(), document()
    spec["paths"]["/orders"]["post"] = {**spec["paths"]["/orders"]["post"], "x-creates": False}
    run(project, orders, "--contract-unsafe", "--contract-operation=deleteOrder", spec=spec)
    assert orders.of("POST") == []
    made = run(project, orders, "--contract-unsafe", spec=spec)
    assert "204" not in made.report["operations"][f"DELETE {ONE}"]["statuses"]


def test_what_no_delete_ends_is_said_to_be_left(project: Project) -> None:
    orders, spec = Orders.with_two(), document()
    spec["paths"][ONE] = {key: value for key, value in spec["paths"][ONE].items() if key != "delete"}
    made = run(project, orders, "--contract-unsafe", spec=spec)
    assert any("of its own; left are /orders/" in note for note in made.report["notes"])
    assert len(orders.status) > 2


@pytest.mark.parametrize(
    "args", [("20", "updateOrder"), ("1", "cancelOrder")], ids=["in the middle", "before anything is asked"]
)
def test_bound_on_requests_leaves_nothing_behind(args: tuple[str, str], project: Project) -> None:
    orders, (most, glob) = Orders.with_two(), args
    options = ("--contract-unsafe", f"--contract-max-requests={most}", f"--contract-operation={glob}")
    made = run(project, orders, *options)
    assert (made.code, orders.status) == (3, {1: "sent", 2: "open"}), made.out
    assert len(orders.of("POST")) > 0


class Reluctant(Orders):
    """It gives back an order that was there before, and has no more."""

    def all(self, method: str, query: str, body: Any) -> bytes:
        if method != "POST":
            return super().all(method, query, body)
        return answer(409) if self.of("POST").count("/orders") > 1 else shown(200, {"id": 1, "status": self.status[1]})


def test_what_was_there_before_is_not_ended_for_want_of_another(project: Project) -> None:
    spec, orders = document(), Reluctant.with_two()
    spec["paths"]["/orders"]["post"] = operation("createOrder", "200", ORDER, takes=NEW)
    made = run(project, orders, "--contract-unsafe", "--contract-operation=*Order", spec=spec)
    assert made.violations == set(), made.out
    assert orders.status == {1: "sent", 2: "open"}


def test_links_are_followed(project: Project) -> None:
    spec, orders = document(), Orders.with_two()
    shelf = {"get": operation("getShelf", schema=ORDER), "parameters": [path_parameter("shelf", ID)]}
    spec["paths"] = {"/orders": spec["paths"]["/orders"], "/shelves/{shelf}": shelf}
    link = {"operationId": "getShelf", "parameters": {"shelf": "$response.body#/items/1/id"}}
    listed = operation("listOrders", schema=a_list(ORDER))
    listed["responses"]["200"]["links"] = {"shelf": link}
    spec["paths"]["/orders"] = {"get": listed}
    run(project, orders, spec=spec)
    assert "/shelves/2" in orders.of("GET")


GIVEN = (
    "--contract-param=order_id=9",
    "--contract-param=order_id=2",
    "--contract-param=line_no=4",
    "--contract-param=line_no=6",
)


def test_values_that_were_given_apart_are_combined_until_one_answers(project: Project) -> None:
    orders = Orders.with_two()
    made = run(project, orders, *GIVEN, "--contract-operation=getLine")
    assert made.code == 0, made.out
    assert orders.of("GET")[:4] == ["/orders/9/lines/4", "/orders/9/lines/6", "/orders/2/lines/4", "/orders/2/lines/6"]
    rule = made.verdicts[f"GET {LINES}/{{line_no}} given value"]
    assert (rule["outcome"], rule["exercised"]) == ("holds", 2)


def test_values_that_never_belong_together_are_no_violation(project: Project) -> None:
    made = run(
        project,
        Orders.with_two(),
        "--contract-param=order_id=1",
        "--contract-param=line_no=6",
        "--contract-operation=getLine",
    )
    assert made.violations == set()
    assert made.verdicts[f"GET {LINES}/{{line_no}} given value"]["outcome"] == "not_exercised"


def test_values_that_were_given_together_are_vouched_for(project: Project) -> None:
    made = run(project, Orders.with_two(), "--contract-param=order_id=1,line_no=6", "--contract-operation=getLine")
    assert f"GET {LINES}/{{line_no}} given value" in made.violations


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "-n 2"])
def test_strict_passes_with_and_without_workers(workers: tuple[str, ...], project: Project) -> None:
    made = run(project, Orders.with_two(), "--contract-strict", *workers)
    assert (made.code, made.report["reasons"]) == (0, []), made.out
    assert not [
        v for v in made.verdicts.values() if v["outcome"] == "not_exercised" and (v["status"] or "").startswith("2")
    ]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "-n 2"])
def test_workers_leave_nothing_behind(workers: tuple[str, ...], project: Project) -> None:
    orders = Orders.with_two()
    made = run(project, orders, "--contract-unsafe", *workers)
    assert (made.code, orders.status) == (0, {1: "sent", 2: "open"}), made.out
