#pragma once

#include <utility>

#include "libs/school/school.h"

namespace lmsmail::school {

// A school for tests, which set its fields between calls.
class FakeSchool final : public SchoolSource {
 public:
  explicit FakeSchool(School first = {}) : school(std::move(first)) {}

  absl::StatusOr<School> Get() override {
    ++reads;
    if (!error.ok()) return error;
    return school;
  }

  School school;
  absl::Status error;
  int reads = 0;
};

}  // namespace lmsmail::school
