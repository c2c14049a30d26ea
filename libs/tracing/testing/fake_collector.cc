#include "libs/tracing/testing/fake_collector.h"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/escaping.h"

#include "libs/http_server/server.h"
#include "libs/tracing/otlp.pb.h"

namespace lmsmail::tracing {
namespace {

namespace pb = otlp::v1;

std::string TextOf(const pb::AnyValue& value) {
  return value.value_case() == pb::AnyValue::kIntValue ? std::to_string(value.int_value())
                                                       : value.string_value();
}

CollectedSpan Collected(const std::string& service, const pb::Span& span) {
  CollectedSpan collected{
      .service = service,
      .name = span.name(),
      .trace_id = absl::BytesToHexString(span.trace_id()),
      .span_id = absl::BytesToHexString(span.span_id()),
      .parent_span_id = absl::BytesToHexString(span.parent_span_id()),
      .kind = span.kind(),
      .failed = span.status().code() == 2,
      .start = absl::FromUnixNanos(static_cast<std::int64_t>(span.start_time_unix_nano())),
      .end = absl::FromUnixNanos(static_cast<std::int64_t>(span.end_time_unix_nano())),
      .attributes = {}};
  for (const pb::KeyValue& attribute : span.attributes()) {
    collected.attributes[attribute.key()] = TextOf(attribute.value());
  }
  return collected;
}

}  // namespace

FakeCollector::FakeCollector() {
  auto server = http_server::Server::Start(
      {}, [this](const http_server::Request& request, http_server::Responder responder) {
        int status = 404;
        if (request.method == "POST" && request.path == "/v1/traces") {
          status = Receive(std::string(request.headers.Get("Content-Type")), request.body);
        }
        responder.Send(http_server::Response::Text(status, ""));
      });
  if (!server.ok()) std::abort();
  server_ = *std::move(server);
}

FakeCollector::~FakeCollector() { server_->Shutdown(absl::ZeroDuration()); }

std::string FakeCollector::endpoint() const {
  return fmt::format("http://127.0.0.1:{}", server_->port());
}

void FakeCollector::AnswerWith(std::vector<int> statuses) {
  absl::MutexLock lock(&mutex_);
  statuses_ = std::move(statuses);
}

int FakeCollector::requests() const {
  absl::MutexLock lock(&mutex_);
  return requests_;
}

std::vector<CollectedSpan> FakeCollector::spans() const {
  absl::MutexLock lock(&mutex_);
  return spans_;
}

bool FakeCollector::WaitFor(const std::function<bool(const std::vector<CollectedSpan>&)>& condition,
                            absl::Duration timeout) const {
  absl::MutexLock lock(&mutex_);
  const auto fulfilled = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return condition(spans_); };
  return mutex_.AwaitWithTimeout(absl::Condition(&fulfilled), timeout);
}

int FakeCollector::Receive(const std::string& content_type, const std::string& body) {
  pb::ExportTraceServiceRequest request;
  absl::MutexLock lock(&mutex_);
  ++requests_;
  if (content_type != "application/x-protobuf") return 415;
  if (!request.ParseFromString(body)) return 400;
  if (!statuses_.empty()) {
    const int status = statuses_.front();
    statuses_.erase(statuses_.begin());
    if (status != 200) return status;
  }
  for (const pb::ResourceSpans& of_resource : request.resource_spans()) {
    std::string service;
    for (const pb::KeyValue& attribute : of_resource.resource().attributes()) {
      if (attribute.key() == "service.name") service = attribute.value().string_value();
    }
    for (const pb::ScopeSpans& of_scope : of_resource.scope_spans()) {
      for (const pb::Span& span : of_scope.spans()) spans_.push_back(Collected(service, span));
    }
  }
  return 200;
}

}  // namespace lmsmail::tracing
