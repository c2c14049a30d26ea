#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

// Details of an error beyond its code and message, carried inside absl::Status so that the domain
// needs no protobuf. libs/rpc converts them to google.rpc.BadRequest and google.rpc.ErrorInfo.
namespace lmsmail {

struct FieldViolation {
  std::string field;        // path in the request: "recipients[3].email_address"
  std::string description;  // what is wrong and what is accepted

  bool operator==(const FieldViolation&) const = default;
};

// Collects all errors of one request, so that the caller gets them at once.
class Violations {
 public:
  void Add(std::string field, std::string description);
  // Adds the violations of `other`, each with "prefix." before its field.
  void AddNested(std::string_view prefix, const Violations& other);

  bool empty() const { return violations_.empty(); }
  const std::vector<FieldViolation>& list() const { return violations_; }

  // OK when empty; otherwise INVALID_ARGUMENT whose message names every field.
  absl::Status ToStatus() const;

 private:
  std::vector<FieldViolation> violations_;
};

// The violations in a status of Violations::ToStatus(); empty for any other status.
std::vector<FieldViolation> ViolationsOf(const absl::Status& status);

// A machine-readable reason: UPPER_SNAKE, at most 63 characters, never renamed once published.
struct Reason {
  std::string reason;
  std::map<std::string, std::string> metadata;
};

absl::Status WithReason(absl::Status status, Reason reason);
// `reason` is empty when the status has none.
Reason ReasonOf(const absl::Status& status);

// Errors that every service has. `what` is the resource's name: "templates/welcome".
absl::Status NotFound(std::string_view what);
absl::Status AlreadyExists(std::string_view what, std::string_view why);
absl::Status InvalidField(std::string_view field, std::string_view description);
absl::Status EtagMismatch(std::string_view what);

}  // namespace lmsmail
