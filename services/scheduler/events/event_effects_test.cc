// The effects of published events on the other services.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "libs/clock/clock.h"
#include "libs/identity/owned_key.h"
#include "libs/protobuf/time.h"
#include "libs/school/testing/fake_school.h"
#include "libs/testing/status_matchers.h"
#include "services/scheduler/automations/automation_mailer.h"
#include "services/scheduler/automations/mail_canceller.h"
#include "services/scheduler/automations/mail_key.h"
#include "services/scheduler/events/event_submission.h"
#include "services/scheduler/events/fact_recorder.h"
#include "services/scheduler/events/fact_watch.h"
#include "services/scheduler/events/task_worker.h"
#include "services/scheduler/storage/in_memory_automation_store.h"
#include "services/scheduler/storage/in_memory_event_store.h"
#include "services/scheduler/testing/fake_peers.h"
#include "services/scheduler/testing/samples.h"

namespace lmsmail::scheduler {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class EventEffectsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    AddAutomation(AutomationFor("enrollment", EventType::kStudentEnrolled));
    AddAutomation(AutomationFor("payment-confirmation", EventType::kPaymentSucceeded));
    AddAutomation(AutomationFor("new-content", EventType::kContentPublished));
  }

  void AddAutomation(const Automation& automation) {
    ASSERT_OK(automations_.Create(automation, Request(automation.id), absl::InfiniteFuture()));
  }

  void Update(const std::string& id, const std::function<void(Automation&)>& change) {
    ASSERT_OK_AND_ASSIGN(Automation automation, automations_.Find(id, absl::InfiniteFuture()));
    change(automation);
    ++automation.revision;
    ASSERT_OK(automations_.Update(automation, absl::InfiniteFuture()));
  }

  std::vector<SubmissionResult> Publish(const std::vector<v1::Event>& events) {
    auto results =
        submission_.Publish("lms", events, /*validate_only=*/false, absl::InfiniteFuture());
    EXPECT_OK(results);
    return results.ok() ? *results : std::vector<SubmissionResult>();
  }

  void Work() {
    while (worker_.RunOnce()) {
    }
  }

  std::vector<Task> ClaimDue() {
    const absl::Time now = clock_.Now();
    return events_.Claim(now, now + absl::Minutes(5), 10, absl::InfiniteFuture()).value();
  }

  StoredEvent Find(const std::string& id) {
    return events_.Find(identity::MakeOwnedKey("lms", id), absl::InfiniteFuture()).value();
  }
  StoredEvent::TaskOutcome LastTask(const std::string& id) { return Find(id).tasks.back(); }

  FakeClock clock_{At("2026-11-23T09:00:00Z")};
  telemetry::Metrics registry_{{"scheduler", "test"}};
  SchedulerMetrics metrics_{registry_};
  FakeDispatch dispatch_;
  FakeReport report_;
  InMemoryRequestStore requests_;
  InMemoryAutomationStore automations_{requests_};
  InMemoryEventStore events_;
  int wakes_ = 0;
  FakeStudents students_;
  school::FakeSchool school_;
  EventSubmission submission_{events_, automations_, clock_, metrics_, {}, [this] { ++wakes_; }};
  FactRecorder recorder_{report_, clock_};
  AutomationMailer mailer_{{events_, dispatch_, report_, students_, school_, clock_}};
  MailCanceller canceller_{events_, report_, dispatch_, clock_};
  FactWatch watch_{events_, report_, students_, clock_, [this] { ++wakes_; }};
  TaskWorker worker_{{events_, recorder_, mailer_, canceller_, clock_, metrics_}};
};

TEST_F(EventEffectsTest, RecordsAndMailsAnEnrollment) {
  EXPECT_TRUE(Publish({Enrolled("e-1")}).front().status.ok());
  EXPECT_EQ(wakes_, 1);
  Work();
  EXPECT_THAT(report_.facts, ElementsAre(Key("e-1@lms/enrolled")));
  EXPECT_EQ(report_.courses.at("cpp-101").title, "C++ for Beginners");
  ASSERT_THAT(dispatch_.sent, SizeIs(1));
  const auto& mail = dispatch_.sent.front();
  EXPECT_EQ(mail.request_id, "enrollment/cpp-101/ada/e-1@lms");
  EXPECT_EQ(mail.content.template_name, "templates/enrollment");
  EXPECT_EQ(mail.student, "recipients/ada");
  EXPECT_EQ(mail.content.course_id, "cpp-101");
  EXPECT_EQ(LastTask("e-1").detail, "mail enrollment/cpp-101/ada/e-1@lms");
}

TEST_F(EventEffectsTest, RepeatedEventIsADuplicateAndOtherContentIsRejected) {
  Publish({Enrolled("e-1")});
  const auto results = Publish({Enrolled("e-1"), Enrolled("e-1", "recipients/bob"), Enrolled("e-2"),
                                Enrolled("e-2"), Enrolled("e-2", "recipients/bob")});
  EXPECT_TRUE(results[0].duplicate);
  EXPECT_THAT(results[1].status, StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("e-1")));
  EXPECT_FALSE(results[2].duplicate);
  EXPECT_TRUE(results[3].duplicate);
  EXPECT_THAT(results[4].status, StatusIs(absl::StatusCode::kAlreadyExists));
  Work();
  EXPECT_THAT(dispatch_.sent, SizeIs(2));
  EXPECT_EQ(metrics_.events_stored.value(), 2);
  EXPECT_EQ(metrics_.events_duplicate.value(), 2);
  EXPECT_EQ(metrics_.events_rejected.value(), 2);
}

TEST_F(EventEffectsTest, TheSameIdOfAnotherPublisherIsAnotherEvent) {
  Publish({Enrolled("e-1")});
  const auto results = submission_.Publish("crm", {Enrolled("e-1", "recipients/bob")},
                                           /*validate_only=*/false, absl::InfiniteFuture());
  ASSERT_OK(results);
  EXPECT_OK(results->front().status);
  EXPECT_FALSE(results->front().duplicate);
  EXPECT_EQ(results->front().event_id, "e-1");
  EXPECT_THAT(events_.PublishersOf("e-1", absl::InfiniteFuture()),
              IsOkAndHolds(ElementsAre("crm", "lms")));
}

TEST_F(EventEffectsTest, InvalidEventHasAllItsViolationsAndDoesNotAffectOthers) {
  v1::Event invalid = Enrolled("e-1", "ada");
  invalid.mutable_student_enrolled()->mutable_course()->set_course_id("a/b");
  invalid.mutable_student_enrolled()->mutable_course()->set_url("ftp://x");
  const auto results = Publish({invalid, Enrolled("e-2"), v1::Event()});
  EXPECT_THAT(results[0].status,
              StatusIs(absl::StatusCode::kInvalidArgument,
                       ::testing::AllOf(HasSubstr("student_enrolled.student"),
                                        HasSubstr("student_enrolled.course.course_id"),
                                        HasSubstr("student_enrolled.course.url"))));
  EXPECT_OK(results[1].status);
  EXPECT_THAT(results[2].status,
              StatusIs(absl::StatusCode::kInvalidArgument,
                       ::testing::AllOf(HasSubstr("event_id"), HasSubstr("payload"))));
}

TEST_F(EventEffectsTest, ConfirmsAPaymentOnceForSeveralEvents) {
  Publish({Paid("e-1", "pay-1")});
  Work();
  clock_.Advance(absl::Minutes(1));
  Publish({Paid("e-2", "pay-1")});
  Work();
  ASSERT_THAT(dispatch_.sent, SizeIs(1));
  EXPECT_EQ(dispatch_.sent.front().request_id, "payment_confirmation/pay-1/ada");
  EXPECT_EQ(LastTask("e-2").state, TaskState::kDone);
}

TEST_F(EventEffectsTest, AnotherReportOfAPaymentFailsVisibly) {
  v1::Event other = Paid("e-2", "pay-1");
  other.mutable_payment_succeeded()->set_amount_minor(1);
  Publish({Paid("e-1", "pay-1"), other});
  Work();
  EXPECT_THAT(dispatch_.sent, SizeIs(1));
  EXPECT_EQ(Find("e-1").state(), TaskState::kDone);
  EXPECT_EQ(Find("e-2").state(), TaskState::kFailed);
  EXPECT_THAT(LastTask("e-2").detail,
              AllOf(HasSubstr("payment_confirmation/pay-1/ada"), HasSubstr("event e-1")));
}

TEST_F(EventEffectsTest, TwoStudentsOfOnePaymentHaveTheirOwnReceipts) {
  v1::Event bob = Paid("e-2", "pay-1");
  bob.mutable_payment_succeeded()->set_student("recipients/bob");
  Publish({Paid("e-1", "pay-1"), bob});
  Work();
  EXPECT_THAT(dispatch_.sent, SizeIs(2));
}

TEST_F(EventEffectsTest, AKeyThatDispatchHasForOtherMailFailsTheEvent) {
  dispatch_.error = absl::AlreadyExistsError("used before with another body, for messages/7");
  Publish({Paid("e-1", "pay-1")});
  Work();
  EXPECT_EQ(LastTask("e-1").state, TaskState::kFailed);
  EXPECT_THAT(LastTask("e-1").detail, HasSubstr("messages/7"));
}

TEST_F(EventEffectsTest, RetriesForADayWhileDispatchIsUnavailable) {
  dispatch_.error = absl::UnavailableError("connection refused");
  Publish({Paid("e-1", "pay-1")});
  Work();
  EXPECT_EQ(LastTask("e-1").state, TaskState::kPending);
  EXPECT_THAT(LastTask("e-1").detail, HasSubstr("connection refused"));
  clock_.Advance(absl::Seconds(1));
  EXPECT_FALSE(worker_.RunOnce());  // not due yet
  clock_.Advance(absl::Hours(23));
  Work();
  EXPECT_EQ(LastTask("e-1").state, TaskState::kPending);
  clock_.Advance(absl::Hours(1));
  Work();
  EXPECT_EQ(LastTask("e-1").state, TaskState::kFailed);
  EXPECT_THAT(LastTask("e-1").detail, HasSubstr("given up after 3 attempts"));
  // Another event about the payment retries it.
  dispatch_.error = absl::OkStatus();
  Publish({Paid("e-2", "pay-1")});
  Work();
  EXPECT_THAT(dispatch_.sent, SizeIs(1));
}

TEST_F(EventEffectsTest, InvalidMailFailsAtOnce) {
  dispatch_.error = absl::InvalidArgumentError("template: no such template");
  Publish({Paid("e-1", "pay-1")});
  Work();
  EXPECT_EQ(LastTask("e-1").state, TaskState::kFailed);
  EXPECT_EQ(LastTask("e-1").detail, "rejected: template: no such template");
}

TEST_F(EventEffectsTest, RejectedFactDoesNotBlockOthers) {
  report_.rejected_student = "recipients/bob";
  Publish({Enrolled("e-1"), Enrolled("e-2", "recipients/bob"), Enrolled("e-3", "recipients/eve")});
  Work();
  EXPECT_THAT(report_.facts,
              UnorderedElementsAre(Key("e-1@lms/enrolled"), Key("e-3@lms/enrolled")));
  EXPECT_EQ(Find("e-2").tasks.front().state, TaskState::kFailed);
}

TEST_F(EventEffectsTest, LessonIsRecordedAsUpToThreeFacts) {
  v1::Event event;
  event.set_event_id("e-1");
  auto& lesson = *event.mutable_lesson_completed();
  lesson.set_student("recipients/ada");
  lesson.set_course_id("cpp-101");
  lesson.set_lesson_id("l-1");
  lesson.mutable_watch_duration()->set_seconds(60);
  lesson.set_quiz_passed(true);
  Publish({event});
  Work();
  EXPECT_THAT(report_.facts, UnorderedElementsAre(Key("e-1@lms/lesson"), Key("e-1@lms/watched"),
                                                  Key("e-1@lms/quiz")));
}

TEST_F(EventEffectsTest, MailHasTheNewestFactsOfTheCourse) {
  v1::Event renamed = Upserted("e-1", "C++ from the Ground Up", clock_.Now());
  v1::Event late = Enrolled("e-2");  // with an older title
  *late.mutable_event_time() = protobuf::ToProto(clock_.Now() - absl::Hours(1));
  Publish({renamed});
  Work();
  Publish({late});
  Work();
  EXPECT_EQ(report_.courses["cpp-101"].title, "C++ from the Ground Up");
  ASSERT_THAT(dispatch_.sent, SizeIs(1));
  const auto& course = dispatch_.sent.front().content.context.fields().at("course").struct_value();
  EXPECT_EQ(course.fields().at("title").string_value(), "C++ from the Ground Up");
}

TEST_F(EventEffectsTest, MailWaitsForWhatItsTemplateNeedsAndGoesOnWhenItIsTold) {
  dispatch_.required = {"title", "url"};
  v1::Event event = Enrolled("e-1");
  event.mutable_student_enrolled()->mutable_course()->clear_url();
  Publish({event});
  Work();
  EXPECT_EQ(Find("e-1").state(), TaskState::kWaiting);
  EXPECT_THAT(LastTask("e-1").waits_for, ElementsAre("courses/cpp-101 url"));
  clock_.Advance(absl::Seconds(3));
  v1::Event told = Upserted("e-2", "", clock_.Now());
  told.mutable_course_upserted()->mutable_course()->set_title("C++");
  told.mutable_course_upserted()->mutable_course()->set_url("https://lms.example/cpp-101");
  Publish({told});
  Work();
  EXPECT_THAT(dispatch_.sent, SizeIs(1));
  EXPECT_EQ(Find("e-1").state(), TaskState::kDone);
}

TEST_F(EventEffectsTest, MailWaitsForItsStudent) {
  students_.unknown = {"recipients/ada"};
  Publish({Enrolled("e-1"), Paid("e-2", "pay-1")});
  Work();
  EXPECT_THAT(dispatch_.sent, IsEmpty());
  EXPECT_THAT(LastTask("e-1").waits_for, ElementsAre("recipients/ada"));
  EXPECT_EQ(Find("e-2").state(), TaskState::kWaiting);
  clock_.Advance(absl::Hours(2));
  watch_.RunOnce();
  EXPECT_EQ(wakes_, 1);
  students_.unknown.clear();
  watch_.RunOnce();
  EXPECT_EQ(wakes_, 2);
  Work();
  EXPECT_THAT(dispatch_.sent, SizeIs(2));
}

TEST_F(EventEffectsTest, GivesUpWaitingAfterADayAndSaysWhatIsMissing) {
  dispatch_.required = {"url"};
  students_.unknown = {"recipients/ada"};
  v1::Event event = Enrolled("e-1");
  event.mutable_student_enrolled()->mutable_course()->clear_url();
  Publish({event});
  Work();
  EXPECT_THAT(LastTask("e-1").waits_for, ElementsAre("recipients/ada", "courses/cpp-101 url"));
  clock_.Advance(absl::Hours(24) - absl::Seconds(1));
  Work();
  EXPECT_EQ(Find("e-1").state(), TaskState::kWaiting);
  clock_.Advance(absl::Seconds(1));
  Work();
  EXPECT_EQ(Find("e-1").state(), TaskState::kFailed);
  EXPECT_THAT(LastTask("e-1").detail,
              AllOf(HasSubstr("recipients/ada is not known"), HasSubstr("UpsertRecipients"),
                    HasSubstr("courses/cpp-101 url is not known"), HasSubstr("RetryEvent")));
  // What was missing is there now.
  students_.unknown.clear();
  report_.courses["cpp-101"].url = "https://lms.example/cpp-101";
  EXPECT_THAT(submission_.Retry(identity::MakeOwnedKey("lms", "e-1"), absl::InfiniteFuture()),
              IsOkAndHolds(1));
  Work();
  EXPECT_THAT(dispatch_.sent, SizeIs(1));
}

TEST_F(EventEffectsTest, MailToAllGoesToThoseWhoAreKnownAndLaterToTheOthers) {
  report_.enrolled["cpp-101"] = {"recipients/ada", "recipients/bob"};
  students_.unknown = {"recipients/bob"};
  Publish({Published("e-1", "c-1")});
  clock_.Advance(absl::Minutes(15));
  Work();
  ASSERT_THAT(dispatch_.batches, SizeIs(1));
  EXPECT_EQ(dispatch_.batches[0].recipients[0].student, "recipients/ada");
  EXPECT_THAT(LastTask("e-1").waits_for, ElementsAre("recipients/bob"));
  students_.unknown.clear();
  watch_.RunOnce();
  Work();
  ASSERT_THAT(dispatch_.batches, SizeIs(2));
  ASSERT_THAT(dispatch_.batches[1].recipients, SizeIs(1));
  EXPECT_EQ(dispatch_.batches[1].recipients[0].student, "recipients/bob");
  EXPECT_EQ(Find("e-1").state(), TaskState::kDone);
}

TEST_F(EventEffectsTest, AMissingValueThatNoFactCanTellFailsAtOnce) {
  AddAutomation(AutomationFor("demo", EventType::kDemoClassAttended));
  dispatch_.required = {"url"};
  v1::Event demo;
  demo.set_event_id("e-1");
  demo.mutable_demo_class_attended()->set_student("recipients/ada");
  demo.mutable_demo_class_attended()->set_class_title("Watercolour");
  Publish({demo});
  Work();
  EXPECT_EQ(Find("e-1").state(), TaskState::kFailed);
  EXPECT_THAT(LastTask("e-1").detail, HasSubstr("context.course.url"));
}

TEST_F(EventEffectsTest, ALateOlderUnenrollmentCancelsNothing) {
  Update("enrollment", [](Automation& automation) { automation.delay = absl::Hours(2); });
  Publish({Enrolled("e-1")});
  v1::Event left = Unenrolled("e-2");
  *left.mutable_event_time() = protobuf::ToProto(clock_.Now() - absl::Hours(1));
  Publish({left});
  Work();
  clock_.Advance(absl::Hours(2));
  Work();
  EXPECT_THAT(dispatch_.sent, SizeIs(1));
}

TEST_F(EventEffectsTest, ALateOlderEnrollmentIsNotWelcomed) {
  Publish({Unenrolled("e-1")});
  Work();
  v1::Event enrolled = Enrolled("e-2");
  *enrolled.mutable_event_time() = protobuf::ToProto(clock_.Now() - absl::Hours(1));
  Publish({enrolled});
  Work();
  EXPECT_THAT(dispatch_.sent, IsEmpty());
  EXPECT_THAT(LastTask("e-2").detail, HasSubstr("no mail: recipients/ada left course cpp-101"));
}

TEST_F(EventEffectsTest, OfEventsOfTheSameTimeTheOneThatArrivedLastCounts) {
  // The ids are in the opposite order.
  Publish({Unenrolled("e-9"), Enrolled("e-1")});
  Work();
  EXPECT_THAT(dispatch_.sent, SizeIs(1));
  Publish({Enrolled("e-8"), Unenrolled("e-2")});
  Work();
  EXPECT_THAT(dispatch_.sent, SizeIs(1));
}

TEST_F(EventEffectsTest, OldAndQuietEventsAreRecordedWithoutMail) {
  v1::Event old = Enrolled("e-1");
  *old.mutable_event_time() = protobuf::ToProto(clock_.Now() - absl::Hours(24 * 15));
  v1::Event quiet = Paid("e-2", "pay-1");
  quiet.set_quiet(true);
  v1::Event recent = Paid("e-3", "pay-2");
  *recent.mutable_event_time() = protobuf::ToProto(clock_.Now() - absl::Hours(24 * 13));
  Publish({old, quiet, recent});
  Work();
  EXPECT_THAT(report_.facts, SizeIs(1));
  ASSERT_THAT(dispatch_.sent, SizeIs(1));
  EXPECT_EQ(dispatch_.sent.front().request_id, "payment_confirmation/pay-2/ada");
  EXPECT_EQ(Find("e-1").no_mail, NoMail::kOld);
  EXPECT_EQ(Find("e-2").no_mail, NoMail::kQuiet);
  EXPECT_TRUE(Publish({Paid("e-2", "pay-1")}).front().duplicate) << "quiet is not content";
}

TEST_F(EventEffectsTest, LimitsOfFactsAreThoseOfEvents) {
  v1::Event start = Enrolled("e-1");
  start.mutable_student_enrolled()->mutable_start_time()->set_seconds(2'208'988'800);  // 2040
  v1::Event no_date = Enrolled("e-2");
  no_date.mutable_student_enrolled()->mutable_start_time();
  no_date.mutable_event_time();
  v1::Event ahead = Enrolled("e-3");
  *ahead.mutable_event_time() = protobuf::ToProto(clock_.Now() + absl::Minutes(15));
  v1::Event far = Enrolled("e-4");
  *far.mutable_event_time() = protobuf::ToProto(clock_.Now() + absl::Hours(25));
  const auto results = Publish({start, no_date, ahead, far});
  EXPECT_THAT(results[0].status, StatusIs(absl::StatusCode::kInvalidArgument,
                                          HasSubstr("student_enrolled.start_time: is 2040")));
  EXPECT_OK(results[1].status);
  EXPECT_OK(results[2].status);
  EXPECT_THAT(results[3].status,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("event_time")));
  Work();
  const Fact::Enrolled enrolled = std::get<Fact::Enrolled>(report_.facts["e-2@lms/enrolled"].what);
  EXPECT_EQ(enrolled.start_time, absl::InfinitePast());
}

TEST_F(EventEffectsTest, FactsMayMakeMailPointless) {
  Automation demo = AutomationFor("demo", EventType::kDemoClassAttended);
  demo.delay = absl::Hours(2);
  demo.unless.Add(Condition::kEnrolled);
  AddAutomation(demo);
  v1::Event event;
  event.set_event_id("e-1");
  event.mutable_demo_class_attended()->set_student("recipients/ada");
  event.mutable_demo_class_attended()->set_class_title("Watercolour");
  *event.mutable_demo_class_attended()->mutable_course() = Cpp101();
  v1::Event bob = event;
  bob.set_event_id("e-2");
  bob.mutable_demo_class_attended()->set_student("recipients/bob");
  Publish({event, bob});
  Publish({Enrolled("e-3")});
  clock_.Advance(absl::Hours(2));
  Work();
  ASSERT_THAT(dispatch_.sent, SizeIs(2));  // her welcome, and Bob's follow-up
  EXPECT_THAT(LastTask("e-1").detail, HasSubstr("recipients/ada is enrolled in course cpp-101"));
}

TEST_F(EventEffectsTest, MailAboutAnArchivedCourseIsNotSent) {
  Update("enrollment", [](Automation& automation) { automation.delay = absl::Hours(2); });
  Publish({Enrolled("e-1")});
  v1::Event archived;
  archived.set_event_id("e-2");
  archived.mutable_course_archived()->set_course_id("cpp-101");
  Publish({archived});
  clock_.Advance(absl::Hours(2));
  Work();
  EXPECT_THAT(dispatch_.sent, IsEmpty());
  EXPECT_THAT(LastTask("e-1").detail, HasSubstr("course cpp-101 is archived"));
}

TEST_F(EventEffectsTest, RefundCancelsAWaitingReceiptOrIsConfirmed) {
  Automation refunds = AutomationFor("payment-refunded", EventType::kPaymentRefunded);
  AddAutomation(refunds);
  students_.unknown = {"recipients/ada"};
  Publish({Paid("e-1", "pay-1")});
  Work();
  Publish({Refunded("e-2", "pay-1")});
  Work();
  students_.unknown.clear();
  watch_.RunOnce();
  clock_.Advance(absl::Seconds(2));
  Work();
  EXPECT_THAT(dispatch_.sent, IsEmpty());
  EXPECT_THAT(LastTask("e-1").detail, HasSubstr("given back"));
  // The receipt of this one was sent.
  Publish({Paid("e-3", "pay-2")});
  Work();
  Publish({Refunded("e-4", "pay-2")});
  dispatch_.cancel_error = absl::FailedPreconditionError("sent");
  clock_.Advance(absl::Seconds(2));
  Work();
  ASSERT_THAT(dispatch_.sent, SizeIs(2));
  EXPECT_EQ(dispatch_.sent.back().request_id, "payment_refunded/pay-2/ada");
}

TEST_F(EventEffectsTest, AnErasedStudentGetsNothingMore) {
  Update("enrollment", [](Automation& automation) { automation.delay = absl::Hours(2); });
  Publish({Enrolled("e-1"), Enrolled("e-2", "recipients/bob")});
  v1::Event erased;
  erased.set_event_id("e-3");
  erased.mutable_student_erased()->set_student("recipients/ada");
  Publish({erased});
  Work();
  clock_.Advance(absl::Hours(2));
  Work();
  ASSERT_THAT(dispatch_.sent, SizeIs(1));
  EXPECT_EQ(dispatch_.sent.front().student, "recipients/bob");
}

TEST_F(EventEffectsTest, ValidatingOnlyFindsConflictsAndStoresNothing) {
  Publish({Enrolled("e-1")});
  const auto results = submission_.Publish(
      "lms", {Enrolled("e-1", "recipients/bob"), Enrolled("e-2"), Enrolled("e-1")},
      /*validate_only=*/true, absl::InfiniteFuture());
  ASSERT_OK(results);
  EXPECT_THAT((*results)[0].status, StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_OK((*results)[1].status);
  EXPECT_EQ(wakes_, 1);
  EXPECT_THAT(events_.Find(identity::MakeOwnedKey("lms", "e-2"), absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(EventEffectsTest, UpdatedAutomationDoesNotAffectEarlierEvents) {
  Update("enrollment", [](Automation& automation) { automation.delay = absl::Hours(2); });
  Publish({Enrolled("e-1")});
  Update("enrollment", [](Automation& automation) {
    automation.template_name = "templates/other";
    automation.enabled = false;
  });
  Publish({Enrolled("e-2")});
  Work();
  EXPECT_THAT(dispatch_.sent, IsEmpty());
  clock_.Advance(absl::Hours(2));
  Work();
  ASSERT_THAT(dispatch_.sent, SizeIs(1));
  EXPECT_EQ(dispatch_.sent.front().content.template_name, "templates/enrollment");
}

TEST_F(EventEffectsTest, UnenrollmentCancelsPendingMail) {
  Update("enrollment", [](Automation& automation) { automation.delay = absl::Hours(2); });
  Publish({Enrolled("e-1"), Enrolled("e-2", "recipients/bob")});
  Publish({Unenrolled("e-3")});
  Work();
  EXPECT_EQ(LastTask("e-1").state, TaskState::kDone);
  EXPECT_THAT(LastTask("e-1").detail, HasSubstr("left the course"));
  EXPECT_EQ(LastTask("e-3").detail, "cancelled mails: 1");
  clock_.Advance(absl::Hours(2));
  Work();
  ASSERT_THAT(dispatch_.sent, SizeIs(1));
  EXPECT_EQ(dispatch_.sent.front().student, "recipients/bob");
}

TEST_F(EventEffectsTest, UnenrollmentCancelsMailAtDispatchButNotThatOfALaterEnrollment) {
  Publish({Enrolled("e-1"), Paid("e-2", "pay-1")});
  Work();
  Publish({Unenrolled("e-3")});
  Work();
  EXPECT_THAT(dispatch_.cancelled, ElementsAre("enrollment/cpp-101/ada/e-1@lms"));
  Publish({Enrolled("e-4")});
  Work();
  EXPECT_EQ(dispatch_.sent.back().request_id, "enrollment/cpp-101/ada/e-4@lms");
  EXPECT_THAT(report_.facts, SizeIs(3));
}

TEST_F(EventEffectsTest, UnenrollmentWaitsForMailInProgress) {
  Publish({Enrolled("e-1")});
  const std::vector<Task> claimed = ClaimDue();
  Publish({Unenrolled("e-2")});
  Work();
  EXPECT_EQ(LastTask("e-2").state, TaskState::kPending);
  for (const Task& task : claimed) ASSERT_OK(events_.Settle(task, {}, absl::InfiniteFuture()));
  clock_.Advance(absl::Minutes(1));
  Work();
  EXPECT_EQ(LastTask("e-2").state, TaskState::kDone);
  EXPECT_THAT(dispatch_.cancelled, ::testing::Contains("enrollment/cpp-101/ada/e-1@lms"));
}

TEST_F(EventEffectsTest, CollectsNewContentIntoOneMailForAllEnrolled) {
  report_.enrolled["cpp-101"] = {"recipients/ada", "recipients/bob"};
  Publish({Published("e-1", "c-1")});
  clock_.Advance(absl::Minutes(14));
  Publish({Published("e-2", "c-2")});
  Work();
  EXPECT_THAT(dispatch_.batches, IsEmpty());
  clock_.Advance(absl::Minutes(1));
  Publish({Published("e-3", "c-3")});  // opens another window
  Work();
  ASSERT_THAT(dispatch_.batches, SizeIs(1));
  const auto& batch = dispatch_.batches.front();
  const auto& items = batch.content.context.fields().at("items").list_value();
  EXPECT_EQ(items.values_size(), 2);
  EXPECT_EQ(batch.content.template_name, "templates/new-content");
  ASSERT_THAT(batch.recipients, SizeIs(2));
  const std::string key =
      MailKey("new-content", Published(identity::MakeOwnedKey("lms", "e-1"), "c-1"));
  EXPECT_EQ(batch.recipients[0].dedupe_key, key + "/ada");
  EXPECT_EQ(LastTask("e-1").detail, "mail " + key + ": 2 students");
  EXPECT_EQ(LastTask("e-2").detail, LastTask("e-1").detail);
  EXPECT_EQ(LastTask("e-3").state, TaskState::kPending);
}

TEST_F(EventEffectsTest, MailsALargeAudienceInPages) {
  auto& students = report_.enrolled["cpp-101"];
  for (int i = 0; i < 2500; ++i) students.push_back("recipients/s" + std::to_string(i));
  Publish({Published("e-1", "c-1")});
  clock_.Advance(absl::Minutes(15));
  Work();
  ASSERT_THAT(dispatch_.batches, SizeIs(3));
  EXPECT_THAT(dispatch_.batches[2].recipients, SizeIs(500));
  EXPECT_NE(dispatch_.batches[0].request_id, dispatch_.batches[1].request_id);
  EXPECT_THAT(LastTask("e-1").detail, HasSubstr("2500 students"));
}

TEST_F(EventEffectsTest, ReportsRejectedRecipientsOfABatch) {
  report_.enrolled["cpp-101"] = {"recipients/ada", "recipients/bob"};
  dispatch_.rejected_student = "recipients/bob";
  Publish({Published("e-1", "c-1")});
  clock_.Advance(absl::Minutes(15));
  Work();
  EXPECT_THAT(LastTask("e-1").detail,
              HasSubstr("1 students, 1 rejected, the first because: unknown recipient"));
}

TEST_F(EventEffectsTest, StopsMailingWhenTheLeaseIsLost) {
  report_.enrolled["cpp-101"] = {"recipients/ada"};
  Publish({Published("e-1", "c-1")});
  Work();  // records what the event says of the course
  clock_.Advance(absl::Minutes(15));
  const std::vector<Task> tasks = ClaimDue();
  EXPECT_THAT(mailer_.Mail(tasks.back(), [] { return false; }).detail, HasSubstr("released"));
  EXPECT_THAT(dispatch_.batches, IsEmpty());
}

TEST_F(EventEffectsTest, StoppedWorkerClaimsNothing) {
  Publish({Enrolled("e-1")});
  worker_.Stop();
  EXPECT_FALSE(worker_.RunOnce());
  EXPECT_EQ(LastTask("e-1").state, TaskState::kPending);
}

TEST_F(EventEffectsTest, RetryWithAnotherAudienceIsAnotherBatchWithTheSameStudentKeys) {
  report_.enrolled["cpp-101"] = {"recipients/ada"};
  Publish({Published("e-1", "c-1")});
  Work();  // records what the event says of the course
  clock_.Advance(absl::Minutes(15));
  const std::vector<Task> tasks = ClaimDue();
  const Task& task = tasks.back();
  mailer_.Mail(task, [] { return true; });
  report_.enrolled["cpp-101"].emplace_back("recipients/bob");
  mailer_.Mail(task, [] { return true; });
  ASSERT_THAT(dispatch_.batches, SizeIs(2));
  EXPECT_NE(dispatch_.batches[0].request_id, dispatch_.batches[1].request_id);
  EXPECT_EQ(dispatch_.batches[0].recipients[0].dedupe_key,
            dispatch_.batches[1].recipients[0].dedupe_key);
}

}  // namespace
}  // namespace lmsmail::scheduler
