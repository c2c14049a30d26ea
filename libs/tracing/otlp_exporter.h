#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/http_client/client.h"
#include "libs/telemetry/logging.h"
#include "libs/telemetry/metrics.h"
#include "libs/tracing/span.h"

namespace lmsmail::tracing {

// Sends spans to an OpenTelemetry collector: OTLP over HTTP, binary Protobuf
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp), without compression.
//
// opentelemetry-cpp is not in Debian 12, and gRPC's own tracing needs OpenCensus, which is not
// maintained any more; a bounded queue and one thread in front of libs/http_client are all that an
// exporter of spans needs.
//
// Spans never wait: what does not fit into the queue is dropped and counted. A batch that the
// collector answers with 429, 502, 503 or 504, or not at all, is sent up to kAttempts times.
//   lmsmail_trace_spans_exported_total
//   lmsmail_trace_spans_dropped_total{cause}   queue_full, refused, unreachable
// Thread-safe.
class OtlpExporter final : public Recorder {
 public:
  struct Options {
    std::string endpoint = {};  // "http://collector:4318": /v1/traces is added
    std::string ca_file = {};   // PEM file of the authorities to trust; empty: the system's
    std::string service = {};   // service.name is "lmsmail-" and this
    std::string version = {};   // service.version
    std::string instance = {};  // service.instance.id
    std::size_t queue = 8192;   // spans that wait
    std::size_t batch = 512;    // spans in one request
    absl::Duration interval = absl::Seconds(1);  // from the first span of a batch to its request
    absl::Duration timeout = absl::Seconds(10);
    absl::Duration retry_pause = absl::Seconds(1);
  };
  static constexpr int kAttempts = 3;

  // Installs itself as the recorder of the process. `metrics` must outlive it.
  static absl::StatusOr<std::unique_ptr<OtlpExporter>> Start(Options options,
                                                             telemetry::Metrics& metrics);
  // Removes itself and sends what waits, for at most two seconds.
  ~OtlpExporter() override;

  void Record(SpanRecord span) override;

 private:
  OtlpExporter(Options options, std::unique_ptr<http_client::Client> client,
               telemetry::Metrics& metrics);

  void Run();
  // The next batch; empty when the exporter ends and nothing waits.
  std::vector<SpanRecord> Take();
  void Export(const std::vector<SpanRecord>& spans);
  // Returns false when the exporter ends meanwhile.
  bool Pause(absl::Duration duration);
  http_client::Result Post(const std::string& body);
  void Dropped(const char* cause, std::size_t spans);

  const Options options_;
  const std::unique_ptr<http_client::Client> client_;
  const telemetry::Counter exported_;
  const telemetry::CounterFamily dropped_;
  const telemetry::Counter queue_full_;
  telemetry::LogEvery log_{absl::Minutes(1)};
  absl::Mutex mutex_;
  std::vector<SpanRecord> waiting_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace lmsmail::tracing
