#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/scheduler/domain/report_service.h"

// The names of facts that mail waits for, as users see them: "recipients/amira" for a recipient
// that has to exist, "courses/cpp-101 url" for a field of a course.
namespace lmsmail::scheduler {

std::string CourseFieldFact(std::string_view course_id, std::string_view field);

// The course that a fact is about; nullopt for a recipient.
std::optional<std::string> CourseOfFact(std::string_view fact);

// The facts that are known once `course` is.
std::vector<std::string> FactsToldBy(const Course& course);

// Tells how to make up for a missing fact.
std::string Remedy(std::string_view fact);

}  // namespace lmsmail::scheduler
