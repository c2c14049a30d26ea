#include "libs/tracing/span.h"

#include <atomic>

#include "libs/tracing/traceparent.h"

namespace lmsmail::tracing {
namespace {

std::atomic<Recorder*> the_recorder = nullptr;

thread_local std::string_view current;

}  // namespace

Recorder* ExchangeRecorder(Recorder* recorder) { return the_recorder.exchange(recorder); }

bool IsRecorded(std::string_view traceparent) {
  return the_recorder.load(std::memory_order_acquire) != nullptr && IsSampled(traceparent);
}

void Record(SpanRecord span) {
  if (!IsSampled(span.traceparent)) return;
  if (Recorder* const recorder = the_recorder.load(std::memory_order_acquire)) {
    recorder->Record(std::move(span));
  }
}

Span::Span(std::string_view name, SpanKind kind, std::string_view parent, absl::Time start)
    : Span(name, kind, parent, ChildTraceparent(parent), start) {}

Span Span::Root(std::string_view name, SpanKind kind, std::string traceparent) {
  return {name, kind, "", std::move(traceparent), absl::Now()};
}

Span::Span(std::string_view name, SpanKind kind, std::string_view parent, std::string traceparent,
           absl::Time start)
    : traceparent_(std::move(traceparent)), recorded_(IsRecorded(traceparent_)) {
  if (!recorded_) return;
  record_.traceparent = traceparent_;
  if (IsValid(parent)) record_.parent = SpanIdOf(parent);
  record_.name = name;
  record_.kind = kind;
  record_.start = start;
}

void Span::SetAttribute(std::string_view name, std::string_view value) {
  if (recorded_) record_.attributes.emplace_back(name, std::string(value));
}

void Span::SetAttribute(std::string_view name, std::int64_t value) {
  if (recorded_) record_.attributes.emplace_back(name, value);
}

void Span::End(const absl::Status& status) {
  if (!std::exchange(recorded_, false)) return;
  record_.end = absl::Now();
  record_.status = status;
  Record(std::move(record_));
}

Scope::Scope(std::string_view traceparent) : previous_(std::exchange(current, traceparent)) {}

Scope::~Scope() { current = previous_; }

std::string_view Scope::Current() { return current; }

std::string SampledParent() { return IsSampled(current) ? std::string(current) : std::string(); }

}  // namespace lmsmail::tracing
