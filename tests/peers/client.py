"""A client that is not ours, against the sandbox: log in, create, list, get, update, remove."""

import sys

from rocketchat_API.APIExceptions.RocketExceptions import RocketApiException
from rocketchat_API.rocketchat import RocketChat

SCRIPT = "class Script { process_incoming_request({ request }) { return { content: request.content }; } }"


def main(url):
    rocket = RocketChat("peer", "peer-password", server_url=url)
    assert rocket.me()["username"] == "peer"

    incoming = rocket.integrations_create(
        "webhook-incoming", "In", True, "rocket.cat", "#general", True, script=SCRIPT, alias="Peer"
    )["integration"]
    assert incoming["channel"] == ["#general"] and len(incoming["token"]) == 48, incoming
    assert incoming["scriptCompiled"] and "scriptError" not in incoming, incoming
    outgoing = rocket.integrations_create(
        "webhook-outgoing", "Out", True, "rocket.cat", "#general", False, event="sendMessage",
        urls=["https://example.org/hook"], triggerWords=["!x"], token="t0ken",
    )["integration"]
    assert outgoing["triggerWords"] == ["!x"], outgoing

    listed = list(rocket.integrations_list())
    assert sorted(record["name"] for record in listed) == ["In", "Out"], listed
    assert rocket.integrations_get(incoming["_id"])["integration"] == listed[0]

    changed = rocket.integrations_update(
        "webhook-incoming", "In too", False, "rocket.cat", "#general", False, incoming["_id"], alias="Other"
    )["integration"]
    assert (changed["name"], changed["alias"], changed["enabled"]) == ("In too", "Other", False), changed
    assert changed["token"] == incoming["token"], "an update keeps the URL"
    try:
        rocket.integrations_update(
            "webhook-outgoing", "Out", True, "rocket.cat", "#general", False, outgoing["_id"],
            event="sendMessage", urls=["https://example.org/hook"],
        )
        raise AssertionError("an outgoing update without a token was taken")
    except RocketApiException as refused:
        assert "error-invalid-token" in str(refused), refused

    assert list(rocket.integrations_history(outgoing["_id"])) == []
    for record in (incoming, outgoing):
        rocket.integrations_remove(record["type"], record["_id"])
    assert list(rocket.integrations_list()) == []
    rocket.logout()
    print("client: logged in, created, listed, got, updated and removed")


main(sys.argv[1])
