#include "tests/fakes/failure_plan.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "libs/status/status_macros.h"

namespace lmsmail::fakes {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, Mode>, 16> kModes = {{
    {"none", Mode::kNone},
    {"400", Mode::k400},
    {"401", Mode::k401},
    {"403", Mode::k403},
    {"413", Mode::k413},
    {"429", Mode::k429},
    {"451", Mode::k451},
    {"500", Mode::k500},
    {"503", Mode::k503},
    {"slow", Mode::kSlow},
    {"cut-before-body", Mode::kCutBeforeBody},
    {"cut-after-body", Mode::kCutAfterBody},
    {"cut-after-accept", Mode::kCutAfterAccept},
    {"wrong-body", Mode::kWrongBody},
    {"revoked", Mode::kRevoked},
    {"quota", Mode::kQuota},
}};

// Takes a number that is at least `least` from `plan`.
absl::Status TakeNumber(json& plan, const char* key, std::int64_t least, std::int64_t& number) {
  const auto found = plan.find(key);
  if (found == plan.end()) return absl::OkStatus();
  if (!found->is_number_integer() || found->get<std::int64_t>() < least) {
    return absl::InvalidArgumentError(fmt::format("{}: must be an integer from {}", key, least));
  }
  number = found->get<std::int64_t>();
  plan.erase(found);
  return absl::OkStatus();
}

}  // namespace

absl::Status FailurePlan::Set(std::string_view text) {
  json plan = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!plan.is_object()) return absl::InvalidArgumentError("a plan must be a JSON object");
  const std::string name = plan.contains("mode") && plan["mode"].is_string() ? plan["mode"] : "";
  const auto* const known =
      std::ranges::find(kModes, name, &std::pair<std::string_view, Mode>::first);
  if (known == kModes.end()) {
    std::string names;
    for (const auto& [mode, unused] : kModes) names.append(" ").append(mode);
    return absl::InvalidArgumentError("mode: must be one of" + names);
  }
  plan.erase("mode");
  std::int64_t requests = -1;
  std::int64_t after = 0;
  std::int64_t every = 1;
  std::int64_t reset = 1;
  std::int64_t delay = 1000;
  LMSMAIL_RETURN_IF_ERROR(TakeNumber(plan, "for_requests", 1, requests));
  LMSMAIL_RETURN_IF_ERROR(TakeNumber(plan, "after_requests", 0, after));
  LMSMAIL_RETURN_IF_ERROR(TakeNumber(plan, "every", 1, every));
  LMSMAIL_RETURN_IF_ERROR(TakeNumber(plan, "reset_seconds", 0, reset));
  LMSMAIL_RETURN_IF_ERROR(TakeNumber(plan, "delay_ms", 0, delay));
  if (!plan.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is not a key of a plan", plan.begin().key()));
  }

  absl::MutexLock lock(&mutex_);
  mode_ = name;
  failure_ = {
      .mode = known->second, .delay = absl::Milliseconds(delay), .reset = absl::Seconds(reset)};
  after_ = after;
  every_ = every;
  left_ = requests > 0 ? std::optional(requests) : std::nullopt;
  seen_ = 0;
  return absl::OkStatus();
}

Failure FailurePlan::Take(Stage stage) {
  absl::MutexLock lock(&mutex_);
  const bool before = failure_.mode == Mode::kCutBeforeBody || failure_.mode == Mode::k413;
  if (before != (stage == Stage::kHead)) return {};
  if (++seen_ <= after_ || (seen_ - after_) % every_ != 0) return {};
  if (left_ && (*left_)-- <= 0) {
    left_ = 0;
    return {};
  }
  return failure_;
}

bool FailurePlan::revoked() const {
  absl::MutexLock lock(&mutex_);
  return failure_.mode == Mode::kRevoked;
}

std::string FailurePlan::mode() const {
  absl::MutexLock lock(&mutex_);
  return mode_;
}

}  // namespace lmsmail::fakes
