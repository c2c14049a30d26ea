#pragma once

#include <string>
#include <string_view>

#include "libs/personal_data/erasure.h"

namespace lmsmail::personal_data {

// Keeps nothing about anybody.
class NoPersonalData final : public PersonalData {
 public:
  absl::StatusOr<bool> Erase(const Person&, absl::Time) override { return true; }
  absl::StatusOr<std::string> Export(std::string_view, absl::Time) override { return "{}"; }
};

}  // namespace lmsmail::personal_data
