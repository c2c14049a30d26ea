#include "tests/bench/sink/fault_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

#include "libs/status/status_macros.h"
#include "libs/strings/view.h"

namespace lmsmail::sink {
namespace {

constexpr std::array<std::pair<std::string_view, Fault>, 8> kFaults = {{
    {"421", Fault::k421},
    {"450", Fault::k450},
    {"550", Fault::k550},
    {"quota", Fault::kQuota},
    {"login", Fault::kLogin},
    {"delay", Fault::kDelay},
    {"cut-before-dot", Fault::kCutBeforeDot},
    {"cut-after-dot", Fault::kCutAfterDot},
}};

absl::StatusOr<Fault> FaultNamed(std::string_view name) {
  for (const auto& [known, fault] : kFaults) {
    if (known == name) return fault;
  }
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is not a fault; use 421, 450, 550, quota, login, delay, cut-before-dot "
                  "or cut-after-dot",
                  name));
}

absl::StatusOr<std::int64_t> Count(std::string_view key, std::string_view text) {
  std::int64_t value;
  if (absl::SimpleAtoi(ToAbsl(text), &value) && value > 0) return value;
  return absl::InvalidArgumentError(fmt::format("{}={}: must be a positive integer", key, text));
}

absl::Status Set(FaultRule& rule, std::string_view key, std::string_view text) {
  if (key == "domain") {
    rule.domain = text;
  } else if (key == "every") {
    LMSMAIL_ASSIGN_OR_RETURN(rule.every, Count(key, text));
  } else if (key == "limit") {
    LMSMAIL_ASSIGN_OR_RETURN(rule.limit, Count(key, text));
  } else if (key == "ms") {
    LMSMAIL_ASSIGN_OR_RETURN(const std::int64_t ms, Count(key, text));
    rule.delay = absl::Milliseconds(ms);
  } else {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is not a condition; use every, domain, limit or ms", key));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FaultRule> FaultRule::Parse(std::string_view text) {
  FaultRule rule;
  bool named = false;
  for (const absl::string_view part : absl::StrSplit(ToAbsl(text), ' ', absl::SkipWhitespace())) {
    const std::string_view word = ToStd(part);
    if (!std::exchange(named, true)) {
      LMSMAIL_ASSIGN_OR_RETURN(rule.fault, FaultNamed(word));
      continue;
    }
    const std::size_t equals = word.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1);
    LMSMAIL_RETURN_IF_ERROR(Set(rule, word.substr(0, equals), value));
  }
  if (!named) return absl::InvalidArgumentError("a rule must begin with its fault");
  if ((rule.fault == Fault::kDelay) != (rule.delay > absl::ZeroDuration())) {
    return absl::InvalidArgumentError("\"delay\" requires ms=N, which no other fault allows");
  }
  return rule;
}

absl::Status FaultPlan::Add(std::string_view rule) {
  LMSMAIL_ASSIGN_OR_RETURN(FaultRule parsed, FaultRule::Parse(rule));
  rules_.push_back({std::move(parsed)});
  return absl::OkStatus();
}

const FaultRule* FaultPlan::Choose(std::string_view domain) {
  for (Entry& entry : rules_) {
    if (entry.rule.fault != Fault::kLogin && Applies(entry, domain)) return &entry.rule;
  }
  return nullptr;
}

bool FaultPlan::RefusesLogin() {
  return std::ranges::any_of(
      rules_, [](Entry& entry) { return entry.rule.fault == Fault::kLogin && Applies(entry, ""); });
}

bool FaultPlan::Applies(Entry& entry, std::string_view domain) {
  const FaultRule& rule = entry.rule;
  if (!rule.domain.empty() && rule.domain != domain) return false;
  if (++entry.matches % rule.every != 0) return false;
  if (rule.limit && entry.applied >= *rule.limit) return false;
  ++entry.applied;
  return true;
}

}  // namespace lmsmail::sink
