// An update of every replica while mail flows, as Kubernetes does it, and then the same by SIGKILL.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>

#include "absl/time/clock.h"

#include "libs/rpc/channel.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/suite_test.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

constexpr int kStudents = 20;
constexpr int kDispatchReplicas = 3;
constexpr int kPaymentsBetween = 20;                       // two replacements
constexpr absl::Duration kPause = absl::Milliseconds(20);  // between two payments

std::string Student(int number) { return fmt::format("student-{}", number % kStudents); }

// Publishes payments, each until a scheduler has accepted it, until it is stopped.
class Payments {
 public:
  // `prefix` begins their ids.
  Payments(std::shared_ptr<grpc::Channel> schedulers, std::string prefix)
      : prefix_(std::move(prefix)),
        stub_(scheduler::v1::SchedulerService::NewStub(schedulers)),
        thread_([this] { Run(); }) {}
  ~Payments() { Stop(); }

  void Stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::string EventId(int number) const { return fmt::format("{}-event-{}", prefix_, number); }
  int accepted() const { return accepted_; }
  int repeated() const { return repeated_; }

 private:
  void Run() {
    for (int i = 0; !stopping_; ++i) {
      scheduler::v1::PublishEventsRequest request;
      *request.add_events() =
          Paid(EventId(i), Student(i), fmt::format("{}-payment-{}", prefix_, i));
      while (!Publish(request)) ++repeated_;
      ++accepted_;
      absl::SleepFor(kPause);
    }
  }
  bool Publish(const scheduler::v1::PublishEventsRequest& request) {
    const auto response = Call(*stub_, &Scheduler::PublishEvents, request);
    return response.ok() && response->results(0).status().code() == 0;
  }

  const std::string prefix_;
  const std::unique_ptr<scheduler::v1::SchedulerService::Stub> stub_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> accepted_ = 0;
  std::atomic<int> repeated_ = 0;
  std::thread thread_;
};

class RolloutTest : public SuiteTest {
 protected:
  static void SetUpTestSuite() {
    StartSuite({.services = {"template", "template/1", "preference", "preference/1", "dispatch",
                             "dispatch/1", "dispatch/2", "report", "report/1", "scheduler",
                             "scheduler/1"}});
    std::vector<std::string> students;
    for (int i = 0; i < kStudents; ++i) students.push_back(Student(i));
    ASSERT_OK(Register(suite(), students));
  }
  void SetUp() override {
    SuiteTest::SetUp();
    ASSERT_OK_AND_ASSIGN(schedulers_,
                         rpc::NewChannel({.target = suite().TargetOfAll("scheduler")}));
  }

  // Replaces each replica in turn while payments are published, and accounts for their receipts.
  template <typename End>
  void Replace(std::string prefix, End end, int max_doubles) {
    const std::size_t before = suite().inbox().Count();
    Payments payments(schedulers_, std::move(prefix));
    for (const std::string_view replica : suite().services()) {
      end(replica);
      ASSERT_OK(suite().Restart(replica)) << replica;
      const int accepted = payments.accepted();
      ASSERT_OK(WaitUntil("payments go on",
                          [&] { return payments.accepted() >= accepted + kPaymentsBetween; }));
    }
    payments.Stop();
    const auto expected = static_cast<std::size_t>(payments.accepted());
    for (int i = 0; i < payments.accepted(); ++i) {
      ASSERT_OK(WaitUntilDone(suite(), payments.EventId(i)));
    }
    ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
    ASSERT_OK_AND_ASSIGN(const auto mails, suite().inbox().ReadAll());
    std::set<std::string> distinct;
    for (const auto& mail : mails) distinct.insert(mail.header().at("message-id"));
    const auto received = distinct.size() - before_distinct_;
    const auto doubles = static_cast<int>(mails.size() - before - received);
    fmt::print("{} payments, {} calls repeated: {} lost, {} doubles\n", expected,
               payments.repeated(), expected - received, doubles);
    EXPECT_GT(expected, 100u);
    EXPECT_EQ(received, expected);
    EXPECT_LE(doubles, max_doubles);
    before_distinct_ = distinct.size();
  }

  std::shared_ptr<grpc::Channel> schedulers_;
  static inline std::size_t before_distinct_ = 0;
};

TEST_F(RolloutTest, BySigtermLosesAndDoublesNothing) {
  Replace(
      "term",
      [](std::string_view replica) {
        EXPECT_THAT(suite().Terminate(replica), IsOkAndHolds(0)) << replica;
      },
      0);
}

TEST_F(RolloutTest, BySigkillLosesNothing) {
  // A killed replica leaves at most the mails uncertain that were between "." and the reply, one
  // for each connection.
  constexpr int kConnections = 8;
  Replace(
      "kill", [](std::string_view replica) { ASSERT_OK(suite().Kill(replica)) << replica; },
      kDispatchReplicas * kConnections);
}

}  // namespace
}  // namespace lmsmail::integration
