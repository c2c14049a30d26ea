// What events cause across services, whatever the order in which they arrive.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"

#include "libs/protobuf/time.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/suite_test.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
namespace sch = scheduler::v1;
namespace pb = dispatch::v1;

class EventsTest : public SuiteTest {
 protected:
  static absl::StatusOr<sch::EventRecord> Get(const std::string& id) {
    sch::GetEventRequest request;
    request.set_event_id(id);
    return Call(suite().scheduler(), &Scheduler::GetEvent, request);
  }

  static void WaitForEvent(const std::string& id, sch::EventRecord::State state) {
    EXPECT_OK(WaitUntil(fmt::format("event {} is {}", id, sch::EventRecord::State_Name(state)),
                        [&] {
                          const auto record = Get(id);
                          return record.ok() && record->state() == state;
                        }))
        << Get(id)->DebugString();
  }

  static absl::Status PublishOne(const sch::Event& event) {
    const auto response = Publish(suite(), {event});
    if (!response.ok()) return response.status();
    const auto& status = response->results(0).status();
    return {static_cast<absl::StatusCode>(status.code()), status.message()};
  }
};

TEST_F(EventsTest, AWelcomeWaitsForTheUrlOfItsCourse) {
  ASSERT_OK(Register(suite(), {"url-zoe"}));
  sch::Event enrolled = Enrolled("url-1", "url-zoe", "url-course");
  enrolled.mutable_student_enrolled()->mutable_course()->set_title("Courses without a page");
  ASSERT_OK(PublishOne(enrolled));
  WaitForEvent("url-1", sch::EventRecord::STATE_WAITING);
  EXPECT_THAT(Get("url-1")->waits_for(), ::testing::ElementsAre("courses/url-course url"));
  sch::Event told;
  told.set_event_id("url-2");
  auto& course = *told.mutable_course_upserted()->mutable_course();
  course.set_course_id("url-course");
  course.set_title("Courses with a page");
  course.set_url("https://learn.example/courses/url-course");
  ASSERT_OK(PublishOne(told));
  EXPECT_OK(WaitUntilDone(suite(), "url-1"));
  EXPECT_OK(WaitForState(suite(), "url-zoe", pb::STATE_SENT));
}

TEST_F(EventsTest, MailWaitsForItsStudentAndForCoursesThatNoEventTold) {
  ASSERT_OK(PublishOne(Enrolled("late-1", "late-zoe", "late-course")));
  ASSERT_OK(PublishOne(Paid("late-2", "late-zoe", "late-pay")));
  WaitForEvent("late-1", sch::EventRecord::STATE_WAITING);
  WaitForEvent("late-2", sch::EventRecord::STATE_WAITING);
  sch::ListEventsRequest list;
  list.set_state(sch::EventRecord::STATE_WAITING);
  list.set_student(NameOf("late-zoe"));
  EXPECT_THAT(Call(suite().scheduler(), &Scheduler::ListEvents, list)->events(), SizeIs(2));
  ASSERT_OK(Register(suite(), {"late-zoe"}));
  ASSERT_OK(AddCourse(suite(), "late-course", "Late"));
  EXPECT_OK(WaitUntilDone(suite(), "late-1"));
  EXPECT_OK(WaitUntilDone(suite(), "late-2"));
  EXPECT_THAT(*MailTo(suite(), "late-zoe"), SizeIs(2));
}

// Keys that the scheduler derives are its own.
TEST_F(EventsTest, MailUnderTheKeyOfAReceiptDoesNotSwallowIt) {
  ASSERT_OK(Register(suite(), {"key-zoe"}));
  ASSERT_OK(CreateGreeting(suite(), "key-greeting", type::v1::CATEGORY_PAYMENT));
  ASSERT_OK(
      Send(suite(), Greet("key-greeting", "key-zoe", "payment_confirmation/key-pay/key-zoe")));
  ASSERT_OK(PublishOne(Paid("key-1", "key-zoe", "key-pay")));
  EXPECT_OK(WaitUntilDone(suite(), "key-1"));
  EXPECT_THAT(*MailTo(suite(), "key-zoe"), SizeIs(2));
}

TEST_F(EventsTest, KeysAreComparedByTheirCharacters) {
  ASSERT_OK(Register(suite(), {"nfc-zoe"}));
  sch::Event first = Paid(" nfc-1 ", "nfc-zoe", "u\xcc\x88-1");
  first.mutable_payment_succeeded()->clear_receipt_url();
  ASSERT_OK(PublishOne(first));
  EXPECT_OK(WaitUntilDone(suite(), "nfc-1"));
  sch::Event again = first;
  again.set_event_id("nfc-2");
  again.mutable_payment_succeeded()->set_payment_id("\xc3\xbc-1\n");
  ASSERT_OK(PublishOne(again));
  EXPECT_OK(WaitUntilDone(suite(), "nfc-2"));
  EXPECT_THAT(*MailTo(suite(), "nfc-zoe"), SizeIs(1));
}

TEST_F(EventsTest, AFactThatWouldBeRefusedLaterIsRefusedAtOnce) {
  sch::Event event = Enrolled("limit-1", "limit-zoe", "limit-course");
  event.mutable_student_enrolled()->mutable_start_time()->set_seconds(2'208'988'800);  // 2040
  EXPECT_THAT(PublishOne(event), StatusIs(absl::StatusCode::kInvalidArgument,
                                          HasSubstr("student_enrolled.start_time: is 2040")));
  event = Enrolled("limit-2", "limit-zoe", "limit-course");
  event.mutable_student_enrolled()->mutable_start_time();  // 0: no date
  *event.mutable_event_time() = protobuf::ToProto(absl::Now() + absl::Minutes(15));
  event.set_quiet(true);
  ASSERT_OK(PublishOne(event));
  EXPECT_THAT(WaitUntilDone(suite(), "limit-2")->detail(),
              HasSubstr("no mail: the event is quiet; recorded"));
}

TEST_F(EventsTest, AnAutomationNeedsAPublishedTemplate) {
  sch::CreateAutomationRequest request;
  request.set_automation_id("template-missing");
  request.set_request_id("template-missing");
  auto& automation = *request.mutable_automation();
  automation.set_event_type(sch::Automation::EVENT_TYPE_LESSON_COMPLETED);
  automation.set_audience(sch::Automation::AUDIENCE_STUDENT);
  automation.set_template_("templates/none");
  EXPECT_THAT(Call(suite().scheduler(), &Scheduler::CreateAutomation, request),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("automation.template")));
  automation.set_template_("templates/enrollment");
  EXPECT_OK(Call(suite().scheduler(), &Scheduler::CreateAutomation, request));
  sch::UpdateAutomationRequest off;
  off.mutable_automation()->set_name("automations/template-missing");
  off.mutable_automation()->set_enabled(false);
  EXPECT_FALSE(Call(suite().scheduler(), &Scheduler::UpdateAutomation, off)->enabled());
}

// Publishes a random history in a random order, with repetitions and in several calls, and compares
// what is stored and sent with an oracle that sees it in order.
class HistoryTest : public EventsTest, public ::testing::WithParamInterface<int> {
 protected:
  // Nothing is sent before everything has arrived.
  static constexpr absl::Duration kDelay = absl::Seconds(8);
  static constexpr int kEvents = 90;

  struct Told {
    std::string title, instructor;
    int lessons = 0;
  };

  static void SetUpTestSuite() {
    StartSuite({});
    for (const char* id : {"enrollment", "payment-confirmation"}) {
      sch::UpdateAutomationRequest request;
      request.mutable_automation()->set_name(fmt::format("automations/{}", id));
      *request.mutable_automation()->mutable_delay() = protobuf::ToProto(kDelay);
      ASSERT_OK(Call(suite().scheduler(), &Scheduler::UpdateAutomation, request));
    }
  }

  int Random(int count) { return std::uniform_int_distribution<int>(0, count - 1)(random_); }
  std::string Student() { return fmt::format("h{}-s{}", GetParam(), Random(3)); }
  std::string Course() { return fmt::format("h{}-c{}", GetParam(), Random(2)); }

  sch::Event RandomEvent(int number) {
    const std::string id = fmt::format("h{}-{:03}", GetParam(), Random(1000) * 1000 + number);
    sch::Event event;
    switch (Random(5)) {
      case 0:
      case 1:
        event = Enrolled(id, Student(), Course());
        if (Random(2) == 0) {
          event.mutable_student_enrolled()->mutable_course()->set_title(
              fmt::format("Title {}", Random(100)));
        }
        break;
      case 2:
        event.set_event_id(id);
        event.mutable_student_unenrolled()->set_student(NameOf(Student()));
        event.mutable_student_unenrolled()->set_course_id(Course());
        break;
      case 3: {
        event.set_event_id(id);
        auto& told = *event.mutable_course_upserted();
        told.mutable_course()->set_course_id(Course());
        told.mutable_course()->set_title(fmt::format("Title {}", Random(100)));
        if (Random(2) == 0)
          told.mutable_course()->set_instructor_name(fmt::format("Dr. {}", number));
        if (Random(2) == 0) told.set_lesson_count(1 + Random(50));
        break;
      }
      default:
        event = Paid(id, Student(), fmt::format("h{}-p{}", GetParam(), Random(6)));
        event.mutable_payment_succeeded()->set_amount_minor(100 * (1 + Random(2)));
        break;
    }
    // A coarse grid, on which several events have the same time.
    *event.mutable_event_time() =
        protobuf::ToProto(start_ + absl::Minutes(10 * Random(kEvents / 3)));
    return event;
  }

  std::mt19937 random_{static_cast<unsigned>(GetParam())};
  const absl::Time start_ =
      absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now())) - absl::Hours(24);
};

TEST_P(HistoryTest, OrderOfArrivalDoesNotMatter) {
  std::vector<std::string> students;
  for (int i = 0; i < 3; ++i) students.push_back(fmt::format("h{}-s{}", GetParam(), i));
  std::map<std::string, Told> courses;
  for (int i = 0; i < 2; ++i) {
    const std::string id = fmt::format("h{}-c{}", GetParam(), i);
    courses[id].title = "Initial title";
    sch::Event told;
    told.set_event_id(id);
    *told.mutable_event_time() = protobuf::ToProto(start_ - absl::Hours(1));
    told.mutable_course_upserted()->mutable_course()->set_course_id(id);
    told.mutable_course_upserted()->mutable_course()->set_title("Initial title");
    told.mutable_course_upserted()->mutable_course()->set_url("https://learn.example/" + id);
    ASSERT_OK(PublishOne(told));
  }
  std::vector<sch::Event> history;
  for (int i = 0; i < kEvents; ++i) history.push_back(RandomEvent(i));

  // Publishes in the order of `history`, which is random in time, with repetitions.
  std::vector<sch::Event> published;
  for (const sch::Event& event : history) {
    published.push_back(event);
    if (Random(4) == 0)
      published.push_back(
          published[static_cast<std::size_t>(Random(static_cast<int>(published.size())))]);
  }
  for (std::size_t at = 0; at < published.size();) {
    const std::size_t size = std::min(published.size() - at, std::size_t{1} + Random(15));
    const auto response =
        Publish(suite(), {published.begin() + static_cast<std::ptrdiff_t>(at),
                          published.begin() + static_cast<std::ptrdiff_t>(at + size)});
    ASSERT_OK(response);
    for (const auto& result : response->results()) {
      EXPECT_EQ(result.status().code(), 0) << result.DebugString();
    }
    at += size;
    if (at > published.size() / 2 && !students.empty()) {
      ASSERT_OK(Register(suite(), std::exchange(students, {})));  // some events were earlier
    }
  }

  // The oracle sees the history by time, then by arrival.
  std::vector<std::size_t> order(history.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {},
                           [&](std::size_t i) { return history[i].event_time().seconds(); });
  std::map<std::pair<std::string, std::string>, bool> enrolled;  // by student and course
  std::map<std::pair<std::string, std::string>, std::set<std::string>> welcomes;
  for (const std::size_t i : order) {
    const sch::Event& event = history[i];
    if (event.has_student_enrolled()) {
      const auto& payload = event.student_enrolled();
      const std::pair key(payload.student(), payload.course().course_id());
      enrolled[key] = true;
      welcomes[key].insert(event.event_id());
      if (!payload.course().title().empty()) courses[key.second].title = payload.course().title();
    } else if (event.has_student_unenrolled()) {
      const std::pair key(event.student_unenrolled().student(),
                          event.student_unenrolled().course_id());
      enrolled[key] = false;
      welcomes[key].clear();
    } else if (event.has_course_upserted()) {
      const auto& payload = event.course_upserted();
      Told& told = courses[payload.course().course_id()];
      told.title = payload.course().title();
      if (!payload.course().instructor_name().empty()) {
        told.instructor = payload.course().instructor_name();
      }
      if (payload.lesson_count() > 0) told.lessons = payload.lesson_count();
    }
  }
  // A payment of a student has the receipt that its first report causes; another report fails.
  std::map<std::pair<std::string, std::string>, std::int64_t> receipts;
  std::set<std::string> failed;
  for (const sch::Event& event : history) {
    if (!event.has_payment_succeeded()) continue;
    const auto& paid = event.payment_succeeded();
    const auto [first, is_new] =
        receipts.try_emplace({paid.student(), paid.payment_id()}, paid.amount_minor());
    if (!is_new && first->second != paid.amount_minor()) failed.insert(event.event_id());
  }
  std::multiset<std::string> expected;
  for (const auto& [key, ids] : welcomes) {
    for (std::size_t i = 0; i < ids.size(); ++i) expected.insert(key.first + " enrollment");
  }
  for (const auto& [key, amount] : receipts) expected.insert(key.first + " payment_confirmation");

  for (const sch::Event& event : history) {
    WaitForEvent(event.event_id(), failed.contains(event.event_id())
                                       ? sch::EventRecord::STATE_FAILED
                                       : sch::EventRecord::STATE_DONE);
  }
  for (const auto& [key, is_enrolled] : enrolled) {
    report::v1::GetEnrollmentRequest get;
    get.set_student(key.first);
    get.set_course("courses/" + key.second);
    EXPECT_EQ(Call(suite().reports(), &Reports::GetEnrollment, get)->enrolled(), is_enrolled)
        << key.first << " in " << key.second;
  }
  for (const auto& [id, told] : courses) {
    report::v1::GetCourseRequest get;
    get.set_name("courses/" + id);
    const auto course = Call(suite().reports(), &Reports::GetCourse, get);
    ASSERT_OK(course);
    EXPECT_EQ(course->title(), told.title) << id;
    EXPECT_EQ(course->instructor_name(), told.instructor) << id;
    EXPECT_EQ(course->lesson_count(), told.lessons) << id;
  }
  std::multiset<std::string> sent;
  for (int i = 0; i < 3; ++i) {
    const std::string student = fmt::format("h{}-s{}", GetParam(), i);
    ASSERT_OK_AND_ASSIGN(const std::vector<pb::Message> mails, MailTo(suite(), student));
    for (const pb::Message& mail : mails) {
      if (mail.state() == pb::STATE_CANCELLED) continue;
      const std::string& version = mail.template_version();  // templates/KEY/versions/N
      const std::size_t begin = version.find('/') + 1;
      sent.insert(fmt::format("{} {}", NameOf(student),
                              version.substr(begin, version.find('/', begin) - begin)));
    }
  }
  EXPECT_EQ(sent, expected);
}

INSTANTIATE_TEST_SUITE_P(Seeds, HistoryTest, ::testing::Range(1, 5));

}  // namespace
}  // namespace lmsmail::integration
