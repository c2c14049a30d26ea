#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

// What services keep about a person. The preference service records the job that erases it
// (DeleteRecipient), and the others ask it for what they have to do.
namespace lmsmail::personal_data {

struct Person {
  std::string erasure;  // erasures/{erasure}; takes the place of her name where something stays
  std::string recipient_id;
  std::string email_address;  // empty when somebody else has it too, or when it is not known
};

// The jobs that wait for one service. Thread-safe. Functions return by `deadline`.
class Erasures {
 public:
  virtual ~Erasures() = default;
  virtual absl::StatusOr<std::vector<Person>> Pending(absl::Time deadline) = 0;
  // Tells that nothing of her is left. Idempotent.
  virtual absl::Status Acknowledge(std::string_view erasure, absl::Time deadline) = 0;
};

// What one service keeps about people. Thread-safe. Functions return by `deadline`.
class PersonalData {
 public:
  virtual ~PersonalData() = default;
  // Erases what may be erased now. Returns whether nothing is left; false means that work about her
  // is in progress, and asks for another call. Idempotent.
  virtual absl::StatusOr<bool> Erase(const Person& person, absl::Time deadline) = 0;
  // All records about her, as a JSON object of lists.
  virtual absl::StatusOr<std::string> Export(std::string_view recipient_id,
                                             absl::Time deadline) = 0;
};

}  // namespace lmsmail::personal_data
