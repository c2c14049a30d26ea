#include "tests/chaos/report.h"

#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <string_view>

namespace lmsmail::chaos {
namespace {

constexpr std::string_view kLine = "{:<26}{:>9}{:>10}{:>8}{:>8}{:>10}{:>5}{:>11}{:>10}  {}\n";

std::int64_t Count(const Verdict& verdict, Cause cause) {
  return std::ranges::count(verdict.duplicates, cause, &Duplicate::cause);
}

std::string_view NameOf(Cause cause) {
  switch (cause) {
    case Cause::kUnanswered:
      return "unanswered";
    case Cause::kUncertain:
      return "uncertain";
    case Cause::kRecordedTwice:
      return "recorded twice";
    case Cause::kUnrecorded:
      return "unrecorded";
  }
  return "";
}

std::string CausesOf(const Verdict& verdict) {
  std::string text;
  for (const Cause cause :
       {Cause::kUnanswered, Cause::kUncertain, Cause::kRecordedTwice, Cause::kUnrecorded}) {
    if (const std::int64_t count = Count(verdict, cause); count > 0) {
      text += fmt::format("; duplicates: {} {}", count, NameOf(cause));
    }
  }
  return text;
}

void Set(google::protobuf::Struct& in, const char* key, std::string_view text) {
  (*in.mutable_fields())[key].set_string_value(std::string(text));
}
void Set(google::protobuf::Struct& in, const char* key, double number) {
  (*in.mutable_fields())[key].set_number_value(number);
}

google::protobuf::Struct ToStruct(const Result& result) {
  google::protobuf::Struct json;
  Set(json, "fault", result.fault);
  if (!result.skipped.empty()) {
    Set(json, "skipped", result.skipped);
    return json;
  }
  const Verdict& verdict = result.verdict;
  Set(json, "accepted", static_cast<double>(verdict.accepted));
  Set(json, "delivered", static_cast<double>(verdict.delivered));
  Set(json, "skipped_mails", static_cast<double>(verdict.skipped));
  Set(json, "refused_mails", static_cast<double>(verdict.refused));
  Set(json, "uncertain", static_cast<double>(verdict.uncertain));
  Set(json, "lost", static_cast<double>(verdict.lost.size()));
  Set(json, "recovery_seconds", absl::ToDoubleSeconds(result.recovery));
  Set(json, "note", result.outcome.note);
  auto& duplicates = *(*json.mutable_fields())["duplicates"].mutable_list_value();
  for (const Duplicate& mail : verdict.duplicates) {
    auto& entry = *duplicates.add_values()->mutable_struct_value();
    Set(entry, "message", mail.message);
    Set(entry, "cause", NameOf(mail.cause));
    Set(entry, "history", mail.history);
  }
  auto& problems = *(*json.mutable_fields())["problems"].mutable_list_value();
  for (const std::string& problem : result.problems)
    problems.add_values()->set_string_value(problem);
  return json;
}

}  // namespace

std::string Table(absl::Span<const Result> results) {
  std::string text = fmt::format(kLine, "fault", "accepted", "delivered", "skipped", "refused",
                                 "uncertain", "lost", "duplicates", "recovery", "");
  for (const Result& result : results) {
    if (!result.skipped.empty()) {
      text += fmt::format("{:<26}skipped: {}\n", result.fault, result.skipped);
      continue;
    }
    const Verdict& verdict = result.verdict;
    text += fmt::format(kLine, result.fault, verdict.accepted, verdict.delivered, verdict.skipped,
                        verdict.refused, verdict.uncertain, verdict.lost.size(),
                        verdict.duplicates.size(),
                        fmt::format("{:.1f} s", absl::ToDoubleSeconds(result.recovery)),
                        result.outcome.note + CausesOf(verdict));
    for (const std::string& problem : result.problems) text += fmt::format("  {}\n", problem);
  }
  return text;
}

std::string ToJson(absl::Span<const Result> results) {
  google::protobuf::ListValue list;
  for (const Result& result : results) {
    *list.add_values()->mutable_struct_value() = ToStruct(result);
  }
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(list, &json, options);
  return status.ok() ? json : status.ToString();
}

}  // namespace lmsmail::chaos
