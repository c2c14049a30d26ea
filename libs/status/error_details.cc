#include "libs/status/error_details.h"

#include <fmt/format.h>

#include <utility>

#include "absl/strings/cord.h"

#include "libs/strings/view.h"

namespace lmsmail {
namespace {

constexpr char kViolationsUrl[] = "lmsmail/violations";
constexpr char kReasonUrl[] = "lmsmail/reason";
// A payload is a list of strings, each terminated by this byte, which UTF-8 text never contains.
constexpr char kEnd = '\xff';

void Append(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c != kEnd) out.push_back(c);
  }
  out.push_back(kEnd);
}

std::vector<std::string> Split(std::string_view payload) {
  std::vector<std::string> parts;
  for (std::size_t end; (end = payload.find(kEnd)) != std::string_view::npos;) {
    parts.emplace_back(payload.substr(0, end));
    payload.remove_prefix(end + 1);
  }
  return parts;
}

std::vector<std::string> Payload(const absl::Status& status, const char* url) {
  const auto cord = status.GetPayload(url);
  return cord ? Split(std::string(*cord)) : std::vector<std::string>{};
}

}  // namespace

void Violations::Add(std::string field, std::string description) {
  violations_.push_back({std::move(field), std::move(description)});
}

void Violations::AddNested(std::string_view prefix, const Violations& other) {
  for (const FieldViolation& v : other.violations_) {
    Add(v.field.empty() ? std::string(prefix) : fmt::format("{}.{}", prefix, v.field),
        v.description);
  }
}

absl::Status Violations::ToStatus() const {
  if (violations_.empty()) return absl::OkStatus();
  constexpr std::size_t kMaxInMessage = 20;
  std::string message;
  std::string payload;
  for (std::size_t i = 0; i < violations_.size(); ++i) {
    const FieldViolation& v = violations_[i];
    if (i < kMaxInMessage) {
      message += fmt::format("{}{}: {}", message.empty() ? "" : "; ", v.field, v.description);
    }
    Append(payload, v.field);
    Append(payload, v.description);
  }
  if (violations_.size() > kMaxInMessage) {
    message += fmt::format("; and {} more", violations_.size() - kMaxInMessage);
  }
  absl::Status status = absl::InvalidArgumentError(message);
  status.SetPayload(kViolationsUrl, absl::Cord(payload));
  return status;
}

std::vector<FieldViolation> ViolationsOf(const absl::Status& status) {
  const std::vector<std::string> parts = Payload(status, kViolationsUrl);
  std::vector<FieldViolation> out;
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) out.push_back({parts[i], parts[i + 1]});
  return out;
}

absl::Status WithReason(absl::Status status, Reason reason) {
  std::string payload;
  Append(payload, reason.reason);
  for (const auto& [key, value] : reason.metadata) {
    Append(payload, key);
    Append(payload, value);
  }
  status.SetPayload(kReasonUrl, absl::Cord(payload));
  return status;
}

Reason ReasonOf(const absl::Status& status) {
  const std::vector<std::string> parts = Payload(status, kReasonUrl);
  Reason reason;
  if (parts.empty()) return reason;
  reason.reason = parts[0];
  for (std::size_t i = 1; i + 1 < parts.size(); i += 2) reason.metadata[parts[i]] = parts[i + 1];
  return reason;
}

absl::Status NotFound(std::string_view what) {
  return WithReason(absl::NotFoundError(fmt::format("{} does not exist", what)),
                    {"NOT_FOUND", {{"name", std::string(what)}}});
}

absl::Status AlreadyExists(std::string_view what, std::string_view why) {
  return WithReason(absl::AlreadyExistsError(fmt::format("{}: {}", what, why)),
                    {"ALREADY_EXISTS", {{"name", std::string(what)}}});
}

absl::Status InvalidField(std::string_view field, std::string_view description) {
  Violations violations;
  violations.Add(std::string(field), std::string(description));
  return violations.ToStatus();
}

absl::Status EtagMismatch(std::string_view what) {
  return WithReason(
      absl::AbortedError(
          fmt::format("{} has changed since you read it: read it again and repeat the edit", what)),
      {"ETAG_MISMATCH", {{"name", std::string(what)}}});
}

}  // namespace lmsmail
