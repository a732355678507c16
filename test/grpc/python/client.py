"""Calls every RPC with stubs that protoc generated, as any Python service would.

Usage: client.py HOST:PORT TOKEN [CA_FILE]. Prints one JSON object of what it was answered.
"""

import json
import sys

import grpc
from audit.v1 import audit_pb2 as audit
from audit.v1 import audit_pb2_grpc
from google.rpc import error_details_pb2, status_pb2

TIMEOUT_S = 10


def failure(call):
    """What a refused call says, details included."""
    try:
        call()
    except grpc.RpcError as error:
        details = dict(error.trailing_metadata())["grpc-status-details-bin"]
        status = status_pb2.Status.FromString(details)
        told = {"code": error.code().name, "details": []}
        for kind in (error_details_pb2.ErrorInfo, error_details_pb2.RetryInfo, error_details_pb2.BadRequest):
            for packed in status.details:
                message = kind()
                if packed.Unpack(message):
                    told["details"].append(kind.DESCRIPTOR.name)
                    if kind is error_details_pb2.ErrorInfo:
                        told["reason"] = message.reason
        return told
    raise AssertionError("the call was not refused")


def main(address, token, ca_file=None):
    if ca_file:
        with open(ca_file, "rb") as file:
            credentials = grpc.ssl_channel_credentials(file.read())
        channel = grpc.secure_channel(address, credentials, [("grpc.ssl_target_name_override", "localhost")])
    else:
        channel = grpc.insecure_channel(address)
    with channel:
        stub = audit_pb2_grpc.AuditServiceStub(channel)
        key = (("authorization", f"Bearer {token}"),)

        def ask(method, request):
            return method(request, metadata=key, timeout=TIMEOUT_S)

        event = audit.AuditEvent(
            id="0198319c-2a3d-7abc-8def-0123456789ab",
            actor="u-1",
            action="payment.created",
            resource="order/42",
            metadata={"currency": "EUR"},
            outcome=audit.OUTCOME_SUCCESS,
            service="shop",
            metadata_json='{"amount":12345678901234567890}',
        )
        event.timestamp.FromJsonString("2026-01-31T12:00:00.123Z")
        logged = ask(stub.LogEvent, event)
        again = ask(stub.LogEvent, event)
        batch = ask(
            stub.LogEvents,
            audit.LogEventsRequest(
                events=[audit.AuditEvent(action="order.placed", actor=f"u-{n}") for n in range(50)],
                idempotency_key="python-batch",
                wait=audit.WAIT_INDEX,
                proofs=True,
            ),
        )

        def batches():
            for n in range(3):
                one = audit.LogEventsRequest(events=[audit.AuditEvent(action="stream.sent")] * 10)
                yield audit.LogStreamRequest(batch_id=str(n), batch=one)

        answers = list(ask(stub.LogStream, batches()))
        tail = ask(stub.Tail, audit.TailRequest(**{"from": 0}, query="action:order.placed"))
        tailed = 0
        for page in tail:
            tailed += len(page.events)
            if tailed >= 50:
                tail.cancel()
                break
        found = ask(stub.Search, audit.SearchRequest(query="actor:u-7", order=audit.ORDER_OLDEST_FIRST))
        by_id = ask(stub.GetEventByID, audit.GetRequest(id=logged.id))
        listed = ask(stub.GetEventByResource, audit.ListRequest(resource="order/42"))
        proof = ask(stub.GetProof, audit.GetProofRequest(id=logged.id))
        print(
            json.dumps(
                {
                    "logged": logged.status,
                    "again": again.status,
                    "checkpoint": logged.checkpoint,
                    "recorded": batch.recorded,
                    "indexed": batch.indexed,
                    "proofs": sum(len(receipt.proof) > 0 for receipt in batch.receipts),
                    "streamed": [[answer.batch_id, answer.answer.recorded] for answer in answers],
                    "tailed": tailed,
                    "found": [one.actor for one in found.events],
                    "metadata": dict(by_id.metadata),
                    "time": by_id.timestamp.ToJsonString(),
                    "listed": [one.id for one in listed.events],
                    "proof": proof.proof.splitlines()[0],
                    "leaf_bytes": len(proof.leaf),
                    "no_key": failure(lambda: stub.Search(audit.SearchRequest(), timeout=TIMEOUT_S)),
                    "bad_record": failure(lambda: ask(stub.LogEvent, audit.AuditEvent(kind=audit.KIND_EVENT))),
                    "deadline": deadline(stub, key),
                }
            )
        )


def deadline(stub, key):
    """A tail ends when its deadline has passed."""
    try:
        for _ in stub.Tail(audit.TailRequest(), metadata=key, timeout=0.2):
            pass
    except grpc.RpcError as error:
        return error.code().name
    return "it ended by itself"


if __name__ == "__main__":
    main(*sys.argv[1:])
