#include "services/gateway/web/http_metrics.h"

#include <map>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace lmsmail::gateway {
namespace {

struct Handles {
  telemetry::Counter requests;
  telemetry::Histogram seconds;
};

// The handles of one listener, which are found once for each combination of labels: a family looks
// them up by a map of strings under a lock, at several microseconds. There are few combinations,
// because a record names patterns and known methods only. Thread-safe.
class RequestMetrics {
 public:
  RequestMetrics(telemetry::Metrics& metrics, std::string listener)
      : requests_(metrics.AddCounter("lmsmail_http_requests_total",
                                     "HTTP requests by listener, method, route and status; "
                                     "status 0: the connection ended without an answer.")),
        seconds_(metrics.AddHistogram("lmsmail_http_request_seconds",
                                      "Time from the first octet of an HTTP request to the last "
                                      "of its answer.")),
        listener_(std::move(listener)) {}

  void Record(const http_server::AccessRecord& record) {
    const Handles handles = HandlesOf(record);
    handles.requests.Increment();
    handles.seconds.Observe(absl::ToDoubleSeconds(record.duration));
  }

 private:
  using Key = std::tuple<std::string, std::string, int>;

  Handles HandlesOf(const http_server::AccessRecord& record) {
    const auto key = std::make_tuple(record.method, record.route, record.status);
    {
      absl::ReaderMutexLock lock(&mutex_);
      if (const auto found = handles_.find(key); found != handles_.end()) return found->second;
    }
    const std::string method(record.method);
    const std::string route(record.route.empty() ? "none" : record.route);
    const Handles handles{requests_.With({{"listener", listener_},
                                          {"method", method},
                                          {"route", route},
                                          {"status", std::to_string(record.status)}}),
                          seconds_.With({{"listener", listener_}, {"route", route}})};
    absl::MutexLock lock(&mutex_);
    handles_.try_emplace(Key(method, record.route, record.status), handles);
    return handles;
  }

  const telemetry::CounterFamily requests_;
  const telemetry::HistogramFamily seconds_;
  const std::string listener_;
  absl::Mutex mutex_;
  std::map<Key, Handles, std::less<>> handles_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

http_server::AccessHook CountRequests(telemetry::Metrics& metrics, std::string listener) {
  return [counted = std::make_shared<RequestMetrics>(metrics, std::move(listener))](
             const http_server::AccessRecord& record) { counted->Record(record); };
}

}  // namespace lmsmail::gateway
