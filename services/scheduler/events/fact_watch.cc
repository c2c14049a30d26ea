#include "services/scheduler/events/fact_watch.h"

#include <set>
#include <vector>

#include "libs/status/status_macros.h"
#include "libs/telemetry/logging.h"
#include "services/scheduler/domain/awaited_fact.h"
#include "services/scheduler/storage/store_deadline.h"

namespace lmsmail::scheduler {
namespace {

constexpr int kFacts = 1000;

}  // namespace

void FactWatch::RunOnce() {
  const absl::Status status = Look();
  if (status.ok()) return;
  static telemetry::LogEvery every(absl::Seconds(10));
  every.Log(telemetry::Level::kWarning, "cannot look for the facts that mail waits for",
            {{"error", status}});
}

absl::Status FactWatch::Look() {
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<std::string> facts,
                           events_.AwaitedFacts(last_, kFacts, StoreDeadline()));
  last_ = static_cast<int>(facts.size()) == kFacts ? facts.back() : "";
  std::vector<std::string> students;
  std::set<std::string> courses;
  for (const std::string& fact : facts) {
    if (auto course = CourseOfFact(fact)) {
      courses.insert(*std::move(course));
    } else {
      students.push_back(fact);
    }
  }
  std::vector<std::string> known;
  if (!students.empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(const std::set<std::string> found, students_.FindKnown(students));
    known.assign(found.begin(), found.end());
  }
  for (const std::string& id : courses) {
    const auto course = report_.GetCourse(id);
    if (absl::IsNotFound(course.status())) continue;
    LMSMAIL_RETURN_IF_ERROR(course.status());
    for (std::string& fact : FactsToldBy(*course)) known.push_back(std::move(fact));
  }
  if (known.empty()) return absl::OkStatus();
  LMSMAIL_ASSIGN_OR_RETURN(const int woken, events_.Wake(known, clock_.Now(), StoreDeadline()));
  if (woken > 0) on_known_();
  return absl::OkStatus();
}

}  // namespace lmsmail::scheduler
