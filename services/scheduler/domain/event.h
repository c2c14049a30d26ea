#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"

#include "lmsmail/scheduler/v1/scheduler_service.pb.h"

// What an event says, whatever its payload is. Events are stored and passed around as the
// protocol's message: two events are equal when their bytes are.
namespace lmsmail::scheduler {

// The numbers are those of the protocol and are stored in the database.
enum class EventType {
  kUnspecified = 0,
  kStudentEnrolled = 1,
  kDemoClassAttended = 2,
  kPaymentSucceeded = 3,
  kContentPublished = 4,
  kStudentUnenrolled = 5,
  kLessonCompleted = 6,
  kPaymentRefunded = 7,
  // These cannot trigger automations.
  kCourseUpserted = 8,
  kCourseArchived = 9,
  kCourseDeleted = 10,
  kStudentErased = 11,
};
inline constexpr EventType kLastEventType = EventType::kStudentErased;

// An event as it was stored.
struct AcceptedEvent {
  v1::Event event;
  absl::Time arrival_time;  // decides between events of the same time
};

EventType TypeOf(const v1::Event& event);
// "student_enrolled", as in the protocol.
std::string_view TypeName(EventType type);
bool CanTriggerMail(EventType type);
// recipients/{recipient}; empty when the event concerns no single student.
std::string StudentOf(const v1::Event& event);
// Has only the id where the event knows no more; empty when the event concerns no course.
v1::CourseRef CourseOf(const v1::Event& event);
absl::Time TimeOf(const v1::Event& event);
// `time` must be in protobuf's range, as CheckEvent() ensures.
absl::Time TimeOf(const google::protobuf::Timestamp& time);

}  // namespace lmsmail::scheduler
