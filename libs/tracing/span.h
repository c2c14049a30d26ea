#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

// Spans of sampled traces. They cost nothing but their traceparent unless their trace is sampled
// and a Recorder is installed, which libs/tracing/otlp_exporter.h does when traces are configured.
// Never put an address, a token or a context into one.
namespace lmsmail::tracing {

// The numbers are those of OTLP.
enum class SpanKind { kInternal = 1, kServer = 2, kClient = 3, kProducer = 4, kConsumer = 5 };

using Attribute = std::pair<std::string, std::variant<std::string, std::int64_t>>;

struct SpanRecord {
  std::string traceparent = {};  // trace and id of the span
  std::string parent = {};       // the id of the span above it, hexadecimal; empty for a root
  std::string name = {};
  SpanKind kind = SpanKind::kInternal;
  absl::Time start = {};
  absl::Time end = {};
  absl::Status status = {};  // not OK: the span failed
  std::vector<Attribute> attributes = {};
};

class Recorder {
 public:
  virtual ~Recorder() = default;
  // Must not block. Thread-safe.
  virtual void Record(SpanRecord span) = 0;
};

// Replaces the recorder of the process, which is not owned and may be null; returns the previous
// one. No span that began before may end afterwards in another thread.
Recorder* ExchangeRecorder(Recorder* recorder);

// Whether spans of this trace are recorded now.
bool IsRecorded(std::string_view traceparent);

// Gives a span that began and ended elsewhere to the recorder, if IsRecorded().
void Record(SpanRecord span);

// One span, from its construction to End(). Used by one thread at a time.
class Span {
 public:
  // Below the span that `parent` names; a root without a valid one. The names of spans are few:
  // they hold no ids.
  Span(std::string_view name, SpanKind kind, std::string_view parent,
       absl::Time start = absl::Now());
  // The first span of a trace, with this `traceparent`.
  static Span Root(std::string_view name, SpanKind kind, std::string traceparent);
  ~Span() { End(absl::OkStatus()); }
  Span(Span&& other) noexcept
      : traceparent_(std::move(other.traceparent_)),
        recorded_(std::exchange(other.recorded_, false)),
        record_(std::move(other.record_)) {}
  Span& operator=(Span&&) = delete;

  // To be the parent of spans below it.
  const std::string& traceparent() const { return traceparent_; }
  bool recorded() const { return recorded_; }

  void SetAttribute(std::string_view name, std::string_view value);
  void SetAttribute(std::string_view name, std::int64_t value);
  // Records the span; later calls do nothing.
  void End(const absl::Status& status);

 private:
  Span(std::string_view name, SpanKind kind, std::string_view parent, std::string traceparent,
       absl::Time start);

  std::string traceparent_;
  bool recorded_;
  SpanRecord record_;
};

// The span that this thread works in: calls that it makes to other services are below it, unless
// they are given another. Scopes of one thread are nested.
class Scope {
 public:
  // `traceparent` must outlive this; empty for none.
  explicit Scope(std::string_view traceparent);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // Empty outside of every scope.
  static std::string_view Current();

 private:
  const std::string_view previous_;
};

// The current scope's value if its trace is sampled, otherwise "": what to store with work that is
// done later, so that work of other traces stores nothing.
std::string SampledParent();

}  // namespace lmsmail::tracing
