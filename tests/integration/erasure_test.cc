// Whoever is erased leaves nothing behind, in any column of any table of any service.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"

#include "libs/protobuf/time.h"
#include "libs/strings/encoding.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/mail_matchers.h"
#include "tests/integration/suite/suite_test.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
namespace pb = dispatch::v1;
namespace pref = preference::v1;
namespace sch = scheduler::v1;

// A service asks every few seconds for what it has to erase, one service after the other.
constexpr absl::Duration kErasureTimeout = absl::Seconds(60);

class ErasureTest : public SuiteTest {
 protected:
  static void SetUpTestSuite() {
    SuiteTest::SetUpTestSuite();
    ASSERT_OK(CreateGreeting(suite(), "letter", type::v1::CATEGORY_ENROLLMENT));
    ASSERT_OK(AddCourse(suite(), "pottery", "Pottery"));
    ASSERT_OK(AddCourse(suite(), "glass", "Glass"));
    sch::UpdateAutomationRequest disable;
    disable.mutable_automation()->set_name("automations/demo-completed");
    disable.mutable_update_mask()->add_paths("enabled");
    ASSERT_OK(Call(suite().scheduler(), &Scheduler::UpdateAutomation, disable));
  }

  // The columns that contain `text`, as text or as the bytes of a message, in any case.
  static std::vector<std::string> ColumnsWith(const std::string& text) {
    pqxx::connection connection(suite().database().Dsn(
        pqxx::connection(suite().dsn() + " user=lmsmail_dispatch").dbname()));
    pqxx::work tx(connection);
    const std::string pattern = tx.quote("%" + text + "%");
    const std::string bytes = tx.quote("%" + HexEncode(text) + "%");
    std::vector<std::string> columns;
    for (const pqxx::row& column : tx.exec(
             "SELECT format('%I.%I', c.table_schema, c.table_name), format('%I', c.column_name) "
             "FROM information_schema.columns c JOIN information_schema.tables t "
             "USING (table_schema, table_name) "
             "WHERE t.table_type = 'BASE TABLE' "
             "AND c.table_schema NOT IN ('pg_catalog', 'information_schema')")) {
      const std::string name = column[1].as<std::string>();
      const std::string table = column[0].as<std::string>();
      if (!tx.exec(fmt::format("SELECT 1 FROM {0} t WHERE t.{1}::text ILIKE {2} OR t.{1}::text "
                               "ILIKE {3} LIMIT 1",
                               table, name, pattern, bytes))
               .empty()) {
        columns.push_back(fmt::format("{}.{}", table, name));
      }
    }
    return columns;
  }
  static void Execute(const std::string& sql) {
    pqxx::connection connection(suite().database().Dsn(
        pqxx::connection(suite().dsn() + " user=lmsmail_dispatch").dbname()));
    pqxx::work tx(connection);
    tx.exec(sql);
    tx.commit();
  }

  static absl::StatusOr<pref::Erasure> Erase(std::string_view student) {
    pref::DeleteRecipientRequest request;
    request.set_name(NameOf(student));
    return Call(suite().preferences(), &Preferences::DeleteRecipient, request);
  }
  static absl::StatusOr<pref::Erasure> Get(const pref::Erasure& erasure) {
    pref::GetErasureRequest request;
    request.set_name(erasure.name());
    return Call(suite().preferences(), &Preferences::GetErasure, request);
  }
  static absl::Status WaitUntilDone(const pref::Erasure& erasure) {
    return WaitUntil(
        "the erasure is done",
        [&] {
          const auto now = Get(erasure);
          return now.ok() && now->state() == pref::Erasure::STATE_DONE;
        },
        kErasureTimeout);
  }

  // Makes every service store something about a student.
  static void Live(const std::string& student, const std::string& name) {
    pref::UpsertRecipientsRequest upsert;
    auto& recipient = *upsert.add_recipients();
    recipient.set_name(NameOf(student));
    recipient.set_email_address(AddressOf(student));
    recipient.set_display_name(name);
    ASSERT_OK(Call(suite().preferences(), &Preferences::UpsertRecipients, upsert));
    pref::UnsubscribeRequest unsubscribe;
    unsubscribe.set_name(NameOf(student));
    unsubscribe.set_category(type::v1::CATEGORY_DEMO);
    unsubscribe.mutable_source()->set_method(pref::ConsentSource::METHOD_STAFF);
    unsubscribe.mutable_source()->set_actor("by phone, " + name);
    ASSERT_OK(Call(suite().preferences(), &Preferences::Unsubscribe, unsubscribe));

    ASSERT_OK(Admit(suite(), "pottery", {student}));
    // Causes nothing, because its automation is disabled.
    ASSERT_OK(Publish(suite(), {Attended("attended/" + student, student, "pottery"),
                                Enrolled("enrolled/" + student, student, "glass"),
                                Paid("paid/" + student, student, "payment-of-" + student)}));
    ASSERT_OK(integration::WaitUntilDone(suite(), "enrolled/" + student));
    ASSERT_OK(integration::WaitUntilDone(suite(), "paid/" + student));
    report::v1::RecordActivityRequest activities;
    auto& lesson = *activities.add_activities();
    lesson.set_activity_id("lesson-1/" + student);
    lesson.set_student(NameOf(student));
    lesson.set_course("courses/pottery");
    *lesson.mutable_activity_time() = protobuf::ToProto(absl::Now() - absl::Hours(7 * 24));
    lesson.mutable_lesson_completed()->set_lesson_id("lesson-1");
    lesson.mutable_lesson_completed()->set_lesson_title("Clay");
    ASSERT_OK(Call(suite().reports(), &Reports::RecordActivity, activities));

    pb::SendRequest send = Greet("letter", student, "by-hand/" + student);
    (*send.mutable_context()->mutable_fields())["word"].set_string_value(name);
    (*send.mutable_labels())["for"] = student;
    ASSERT_OK(Send(suite(), send));
    send.mutable_target()->set_email_address(absl::AsciiStrToUpper(AddressOf(student)));
    send.set_request_id("to-the-address/" + student);
    ASSERT_OK(Send(suite(), send));
    send.mutable_target()->set_recipient(NameOf(student));
    send.set_request_id("in-a-week/" + student);
    *send.mutable_send_time() = protobuf::ToProto(absl::Now() + absl::Hours(7 * 24));
    ASSERT_OK_AND_ASSIGN(const pb::Message later, Send(suite(), send));
    send.set_request_id("cancelled/" + student);
    ASSERT_OK_AND_ASSIGN(const pb::Message cancelled, Send(suite(), send));
    pb::SendBatchRequest batch;
    batch.mutable_header()->set_request_id("batch-for/" + student);
    batch.mutable_header()->set_template_("templates/letter");
    (*batch.mutable_header()->mutable_shared_context()->mutable_fields())["word"].set_string_value(
        name);
    auto& item = *batch.add_items();
    item.mutable_target()->set_recipient(NameOf(student));
    item.set_dedupe_key("item-for/" + student);
    ASSERT_OK(Call(suite().dispatch(), &Dispatch::SendBatch, batch));
    pb::CancelMessageRequest cancel;
    cancel.set_name(cancelled.name());
    ASSERT_OK(Call(suite().dispatch(), &Dispatch::CancelMessage, cancel));
  }
};

TEST_F(ErasureTest, NothingOfAnErasedPersonIsLeftInAnyColumn) {
  const std::string student = "ermintrude-77a";
  const std::string other = "bystander-77a";
  ASSERT_OK(Pause(suite(), type::v1::LANE_BULK));
  Live(student, "Ermintrude Quillfeather");
  Live(other, "Bystander Quill");
  sch::RunScheduleRequest run;
  run.set_name("schedules/weekly-progress");
  run.set_request_id("week");
  ASSERT_OK(Call(suite().scheduler(), &Scheduler::RunSchedule, run));
  ASSERT_OK(WaitUntil("the weekly mail is queued", [&] {
    const auto mails = MailTo(suite(), student);
    return mails.ok() && std::ranges::any_of(*mails, [](const pb::Message& mail) {
             return mail.state() == pb::STATE_QUEUED && mail.lane() == type::v1::LANE_BULK;
           });
  }));
  // Not counted: the one to the address in capitals.
  ASSERT_OK(suite().inbox().WaitFor(AddressOf(student), 4).status());
  // As a server that repeats the address, and a provider.
  Execute(fmt::format("UPDATE dispatch.result SET reply_text = '250 2.1.5 <{}> ok'",
                      AddressOf(student)));
  EXPECT_THAT(ColumnsWith(student), Not(IsEmpty()));
  EXPECT_THAT(ColumnsWith("Quillfeather"), Not(IsEmpty()));
  Execute(
      "UPDATE dispatch.result SET reply_text = NULL WHERE msg_id NOT IN (SELECT msg_id FROM "
      "dispatch.message WHERE target ILIKE '%ermintrude%')");

  ASSERT_OK_AND_ASSIGN(const pref::Erasure erasure, Erase(student));
  ASSERT_OK(WaitUntilDone(erasure));
  EXPECT_THAT(ColumnsWith(student), IsEmpty());
  EXPECT_THAT(ColumnsWith(AddressOf(student)), IsEmpty());
  EXPECT_THAT(ColumnsWith("Ermintrude"), IsEmpty());
  EXPECT_THAT(ColumnsWith("Quillfeather"), IsEmpty());

  EXPECT_THAT(ColumnsWith(other), Not(IsEmpty()));
  EXPECT_THAT(MailTo(suite(), other).value(), testing::SizeIs(testing::Ge(5)));
  ASSERT_OK(Resume(suite(), type::v1::LANE_BULK));
  EXPECT_OK(suite().inbox().WaitFor(AddressOf(other), 5).status());
  EXPECT_EQ(suite().inbox().CountTo(AddressOf(student)), 4) << "the weekly mail was cancelled";
  EXPECT_THAT(ColumnsWith(student), IsEmpty());
}

TEST_F(ErasureTest, PreferenceExportsWhatItKeeps) {
  const std::string student = "exporter-77c";
  Live(student, "Ex Porter");
  type::v1::ExportRecipientRequest request;
  request.set_name(NameOf(student));
  ASSERT_OK_AND_ASSIGN(const auto exported,
                       Call(suite().preferences(), &Preferences::ExportRecipient, request));
  EXPECT_THAT(exported.DebugString(),
              AllOf(HasSubstr("Ex Porter"), HasSubstr(AddressOf(student)), HasSubstr("by phone")));
}

TEST_F(ErasureTest, AServiceThatWasAwayErasesWhenItIsBack) {
  const std::string student = "returning-77b";
  Live(student, "Re Turning");
  ASSERT_OK(suite().Kill("report"));
  ASSERT_OK_AND_ASSIGN(const pref::Erasure erasure, Erase(student));
  absl::StatusOr<pref::Erasure> now;
  ASSERT_OK(WaitUntil(
      "the scheduler has erased",
      [&] {
        now = Get(erasure);
        return now.ok() && now->pending_services_size() == 2;
      },
      kErasureTimeout));
  EXPECT_THAT(now->pending_services(), ElementsAre("report", "dispatch"));
  EXPECT_THAT(ColumnsWith(student), Not(IsEmpty()));
  ASSERT_OK(suite().Restart("report"));
  ASSERT_OK(WaitUntilDone(erasure));
  EXPECT_THAT(ColumnsWith(student), IsEmpty());
}

}  // namespace
}  // namespace lmsmail::integration
