#include "libs/tracing/otlp_exporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <future>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "libs/tracing/otlp.pb.h"
#include "libs/tracing/traceparent.h"

namespace lmsmail::tracing {
namespace {

namespace otlp = otlp::v1;

constexpr absl::Duration kGrace = absl::Seconds(2);
constexpr int kStatusError = 2;

std::string Bytes(std::string_view hex) {
  return absl::HexStringToBytes(absl::string_view(hex.data(), hex.size()));
}

void AddAttribute(const std::string& key, const std::variant<std::string, std::int64_t>& value,
                  google::protobuf::RepeatedPtrField<otlp::KeyValue>& attributes) {
  otlp::KeyValue& attribute = *attributes.Add();
  attribute.set_key(key);
  if (const auto* text = std::get_if<std::string>(&value)) {
    attribute.mutable_value()->set_string_value(*text);
  } else {
    attribute.mutable_value()->set_int_value(std::get<std::int64_t>(value));
  }
}

void ToProto(const SpanRecord& span, otlp::Span& message) {
  message.set_trace_id(Bytes(TraceIdOf(span.traceparent)));
  message.set_span_id(Bytes(SpanIdOf(span.traceparent)));
  message.set_parent_span_id(Bytes(span.parent));
  message.set_name(span.name);
  message.set_kind(static_cast<int>(span.kind));
  message.set_start_time_unix_nano(static_cast<std::uint64_t>(absl::ToUnixNanos(span.start)));
  message.set_end_time_unix_nano(static_cast<std::uint64_t>(absl::ToUnixNanos(span.end)));
  message.set_flags(1);
  for (const auto& [key, value] : span.attributes) {
    AddAttribute(key, value, *message.mutable_attributes());
  }
  if (span.status.ok()) return;
  message.mutable_status()->set_code(kStatusError);
  message.mutable_status()->set_message(absl::StatusCodeToString(span.status.code()));
}

std::string BodyOf(const OtlpExporter::Options& options, const std::vector<SpanRecord>& spans) {
  otlp::ExportTraceServiceRequest request;
  otlp::ResourceSpans& of_resource = *request.add_resource_spans();
  auto& resource = *of_resource.mutable_resource()->mutable_attributes();
  AddAttribute("service.name", "lmsmail-" + options.service, resource);
  AddAttribute("service.version", options.version, resource);
  AddAttribute("service.instance.id", options.instance, resource);
  otlp::ScopeSpans& of_scope = *of_resource.add_scope_spans();
  of_scope.mutable_scope()->set_name("lmsmail");
  for (const SpanRecord& span : spans) ToProto(span, *of_scope.add_spans());
  return request.SerializeAsString();
}

// As the specification of OTLP/HTTP lists them.
bool IsRetryable(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

absl::StatusOr<std::unique_ptr<OtlpExporter>> OtlpExporter::Start(Options options,
                                                                  telemetry::Metrics& metrics) {
  LMSMAIL_ASSIGN_OR_RETURN(
      auto client, http_client::Client::Create({.max_connections = 1, .ca_file = options.ca_file}));
  std::unique_ptr<OtlpExporter> exporter(
      new OtlpExporter(std::move(options), std::move(client), metrics));
  ExchangeRecorder(exporter.get());
  return exporter;
}

OtlpExporter::OtlpExporter(Options options, std::unique_ptr<http_client::Client> client,
                           telemetry::Metrics& metrics)
    : options_(std::move(options)),
      client_(std::move(client)),
      exported_(metrics
                    .AddCounter("lmsmail_trace_spans_exported_total",
                                "Spans that the collector of traces has accepted.")
                    .With()),
      dropped_(metrics.AddCounter("lmsmail_trace_spans_dropped_total",
                                  "Spans that were not exported, by cause: queue_full, refused, "
                                  "unreachable.")),
      queue_full_(dropped_.With({{"cause", "queue_full"}})),
      thread_([this] { Run(); }) {}

OtlpExporter::~OtlpExporter() {
  ExchangeRecorder(nullptr);
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
    mutex_.AwaitWithTimeout(absl::Condition(&ended_), kGrace);
  }
  // Ends what a collector that does not answer keeps waiting.
  client_->Shutdown(absl::ZeroDuration());
  thread_.join();
}

void OtlpExporter::Record(SpanRecord span) {
  absl::MutexLock lock(&mutex_);
  if (waiting_.size() >= options_.queue) return queue_full_.Increment();
  waiting_.push_back(std::move(span));
}

void OtlpExporter::Run() {
  for (;;) {
    const std::vector<SpanRecord> spans = Take();
    if (spans.empty()) break;
    Export(spans);
  }
  absl::MutexLock lock(&mutex_);
  ended_ = true;
}

std::vector<SpanRecord> OtlpExporter::Take() {
  absl::MutexLock lock(&mutex_);
  const auto some = [this]()
                        ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return ending_ || !waiting_.empty(); };
  const auto enough = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return ending_ || waiting_.size() >= options_.batch;
  };
  mutex_.Await(absl::Condition(&some));
  mutex_.AwaitWithTimeout(absl::Condition(&enough), options_.interval);
  const auto taken = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), options_.batch));
  std::vector<SpanRecord> batch(std::make_move_iterator(waiting_.begin()),
                                std::make_move_iterator(waiting_.begin() + taken));
  waiting_.erase(waiting_.begin(), waiting_.begin() + taken);
  return batch;
}

void OtlpExporter::Export(const std::vector<SpanRecord>& spans) {
  const std::string body = BodyOf(options_, spans);
  for (int attempt = 1;; ++attempt) {
    const http_client::Result result = Post(body);
    const bool answered = result.kind == http_client::Result::Kind::kAnswered;
    const int status = answered ? result.response.status : 0;
    if (status / 100 == 2) return exported_.Increment(static_cast<double>(spans.size()));
    const bool again = attempt < kAttempts && (!answered || IsRetryable(status));
    if (again && Pause(options_.retry_pause)) continue;
    Dropped(answered ? "refused" : "unreachable", spans.size());
    log_.Log(telemetry::Level::kWarning, "spans could not be exported",
             {{"endpoint", options_.endpoint}, {"status", status}, {"error", result.error}});
    return;
  }
}

http_client::Result OtlpExporter::Post(const std::string& body) {
  auto done = std::make_shared<std::promise<http_client::Result>>();
  std::future<http_client::Result> result = done->get_future();
  client_->Send({.url = options_.endpoint + "/v1/traces",
                 .headers = {{"Content-Type", "application/x-protobuf"}},
                 .body = body,
                 .timeout = options_.timeout},
                [done](http_client::Result it) { done->set_value(std::move(it)); });
  return result.get();
}

bool OtlpExporter::Pause(absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(&ending_), duration);
}

void OtlpExporter::Dropped(const char* cause, std::size_t spans) {
  dropped_.With({{"cause", cause}}).Increment(static_cast<double>(spans));
}

}  // namespace lmsmail::tracing
