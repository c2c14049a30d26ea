#include "services/scheduler/domain/awaited_fact.h"

#include <fmt/format.h>

#include "services/scheduler/domain/resource_names.h"

namespace lmsmail::scheduler {
namespace {

constexpr std::string_view kCourses = "courses/";

}  // namespace

std::string CourseFieldFact(std::string_view course_id, std::string_view field) {
  return fmt::format("{} {}", CourseName(course_id), field);
}

std::optional<std::string> CourseOfFact(std::string_view fact) {
  if (!fact.starts_with(kCourses)) return std::nullopt;
  fact.remove_prefix(kCourses.size());
  return std::string(fact.substr(0, fact.find(' ')));
}

std::vector<std::string> FactsToldBy(const Course& course) {
  std::vector<std::string> facts;
  if (!course.title.empty()) facts.push_back(CourseFieldFact(course.id, "title"));
  if (!course.url.empty()) facts.push_back(CourseFieldFact(course.id, "url"));
  if (!course.instructor_name.empty()) {
    facts.push_back(CourseFieldFact(course.id, "instructor_name"));
  }
  return facts;
}

std::string Remedy(std::string_view fact) {
  return CourseOfFact(fact)
             ? fmt::format(
                   "{} is not known; publish a course_upserted with it, then call RetryEvent", fact)
             : fmt::format("{} is not known; call UpsertRecipients, then RetryEvent", fact);
}

}  // namespace lmsmail::scheduler
