#pragma once

#include <string>

#include "absl/time/time.h"

#include "lmsmail/scheduler/v1/scheduler_service.pb.h"

// What an event says, whatever its payload is. Events are stored and passed around as the
// protocol's message: two events are equal when their bytes are.
namespace lmsmail::scheduler {

// The events that can trigger automations. The numbers are those of the protocol and are stored in
// the database.
enum class EventType {
  kUnspecified = 0,
  kStudentEnrolled = 1,
  kDemoClassAttended = 2,
  kPaymentSucceeded = 3,
  kContentPublished = 4,
  kStudentUnenrolled = 5,
  kLessonCompleted = 6,
};

// kUnspecified when no automation can be triggered by the event.
EventType TypeOf(const v1::Event& event);
// recipients/{recipient}; empty when the event concerns no single student.
std::string StudentOf(const v1::Event& event);
// Has only the id where the event knows no more; empty when the event concerns no course.
v1::CourseRef CourseOf(const v1::Event& event);
absl::Time TimeOf(const v1::Event& event);
// `time` must be in protobuf's range, as CheckEvent() ensures.
absl::Time TimeOf(const google::protobuf::Timestamp& time);

}  // namespace lmsmail::scheduler
