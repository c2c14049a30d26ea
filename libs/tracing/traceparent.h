#pragma once

#include <string>
#include <string_view>

// Values of the header and metadata key `traceparent` of W3C Trace Context, section 3.2
// (https://www.w3.org/TR/trace-context/): version, trace id, id of a span, flags.
namespace lmsmail::tracing {

// True for a value of version 00, the only one there is.
bool IsValid(std::string_view traceparent);

// Whether the spans of this trace are recorded. False for an invalid value.
bool IsSampled(std::string_view traceparent);

// Of a valid value: 32 and 16 hexadecimal digits.
std::string_view TraceIdOf(std::string_view traceparent);
std::string_view SpanIdOf(std::string_view traceparent);

// A span below `parent`: the same trace and flags, a new span id. Without a valid `parent`, a new
// trace, of which SetSampleRatio() says how many are sampled.
std::string ChildTraceparent(std::string_view parent);

// Of the traces that begin in this process, which part is sampled: 0 (at first) to 1. Thread-safe.
void SetSampleRatio(double ratio);

}  // namespace lmsmail::tracing
