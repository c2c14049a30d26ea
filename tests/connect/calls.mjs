// Calls the services with @connectrpc/connect, as JSON and as binary, and reads details of errors.
import assert from "node:assert/strict";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { baseUrl, registry, services } from "./api.mjs";

for (const useBinaryFormat of [false, true]) {
  const transport = createConnectTransport({
    baseUrl,
    httpVersion: "1.1",
    useBinaryFormat,
    jsonOptions: { registry },
  });
  const [templates, preferences, dispatch, scheduler, report] = services.map((service) =>
    createClient(service, transport),
  );
  const id = useBinaryFormat ? "binary" : "json";
  const name = `recipients/connect-${id}`;

  const { templates: all } = await templates.listTemplates({ pageSize: 3 });
  assert.equal(all.length, 3);

  await preferences.upsertRecipients({
    recipients: [{ name, emailAddress: `${id}@students.example`, displayName: "Zoë" }],
  });
  const recipient = await preferences.getRecipient({ name });
  assert.equal(recipient.displayName, "Zoë");
  assert.ok(recipient.createTime.seconds > 1_700_000_000n);

  let requestId;
  const message = await dispatch.send(
    {
      requestId: `connect/${id}`,
      template: "templates/greeting",
      target: { target: { case: "recipient", value: name } },
      context: { word: "world", list: [1, true, null, { deep: "x" }] },
      labels: { origin: "connect" },
    },
    {
      headers: { "X-Request-Id": `call-${id}` },
      onTrailer: (trailer) => (requestId = trailer.get("x-request-id")),
    },
  );
  assert.match(message.name, /^messages\//);
  assert.equal(message.target.target.value, name);
  assert.equal(requestId, `call-${id}`);
  const explained = await dispatch.explainMessage({ requestId: `connect/${id}` });
  assert.equal(explained.message.name, message.name);

  await report.upsertCourses({ courses: [{ name: `courses/${id}`, title: "Drawing" }] });
  assert.equal((await report.getCourse({ name: `courses/${id}` })).title, "Drawing");

  const { results } = await scheduler.publishEvents({
    events: [
      {
        eventId: `paid-${id}`,
        payload: {
          case: "paymentSucceeded",
          value: { student: name, paymentId: id, amountMinor: 9_007_199_254n, currencyCode: "EUR" },
        },
      },
    ],
  });
  assert.equal(results.length, 1);
  const { schedules } = await scheduler.listSchedules({});
  assert.ok(schedules.length > 0);

  const errorOf = async (call) => {
    const error = await call.then(
      () => assert.fail("the call succeeded"),
      (reason) => reason,
    );
    assert.ok(error instanceof ConnectError, String(error));
    return error;
  };
  const invalid = await errorOf(dispatch.send({}));
  assert.equal(invalid.code, Code.InvalidArgument);
  const [badRequest] = invalid.findDetails(registry.getMessage("google.rpc.BadRequest"));
  assert.ok(badRequest.fieldViolations.some((violation) => violation.field === "request_id"));
  const [info] = invalid.findDetails(registry.getMessage("google.rpc.ErrorInfo"));
  assert.equal(info.domain, "dispatch.lmsmail");

  assert.equal(
    (await errorOf(preferences.getRecipient({ name: "recipients/nobody" }))).code,
    Code.NotFound,
  );
  assert.equal(
    (await errorOf(dispatch.getQueueStats({}, { timeoutMs: 1 }))).code,
    Code.DeadlineExceeded,
  );
}
console.log("calls: ok");
