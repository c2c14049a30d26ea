#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

// What an error says beyond its code and message, carried inside absl::Status so that the domain
// needs no protobuf. libs/rpc turns it into google.rpc.BadRequest and google.rpc.ErrorInfo.
namespace lmsmail {

struct FieldViolation {
  std::string field;        // path as the caller wrote it: "recipients[3].email_address"
  std::string description;  // what is wrong and what would be right

  bool operator==(const FieldViolation&) const = default;
};

// Collects every fault of one request, so that the caller hears of all at once.
class Violations {
 public:
  void Add(std::string field, std::string description);
  // Adds each of `other`'s violations with "prefix." before its field.
  void AddNested(std::string_view prefix, const Violations& other);

  bool empty() const { return violations_.empty(); }
  const std::vector<FieldViolation>& list() const { return violations_; }

  // OK when empty; otherwise INVALID_ARGUMENT whose message names every field.
  absl::Status ToStatus() const;

 private:
  std::vector<FieldViolation> violations_;
};

// The violations that Violations::ToStatus() put into `status`; empty for any other status.
std::vector<FieldViolation> ViolationsOf(const absl::Status& status);

// A stable machine-readable reason: UPPER_SNAKE, at most 63 characters, never renamed once
// published.
struct Reason {
  std::string reason;
  std::map<std::string, std::string> metadata;
};

absl::Status WithReason(absl::Status status, Reason reason);
// Empty `reason` when none was attached.
Reason ReasonOf(const absl::Status& status);

// Makers for the errors every service has. `what` is the resource's name: "templates/welcome".
absl::Status NotFound(std::string_view what);
absl::Status AlreadyExists(std::string_view what, std::string_view why);
absl::Status InvalidField(std::string_view field, std::string_view description);
absl::Status EtagMismatch(std::string_view what);

}  // namespace lmsmail
