#pragma once

#include <fmt/format.h>
#include <grpcpp/channel.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/suite.h"

namespace lmsmail::integration {

// Steady mail: publishes payments, each until a scheduler has accepted it, until it is stopped.
class Payments {
 public:
  // The students who pay in turn. Register them first.
  static std::vector<std::string> Students() {
    std::vector<std::string> students;
    for (int i = 0; i < kStudents; ++i) students.push_back(Student(i));
    return students;
  }

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
  static constexpr int kStudents = 20;
  static constexpr absl::Duration kPause = absl::Milliseconds(20);

  static std::string Student(int number) { return fmt::format("student-{}", number % kStudents); }
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

}  // namespace lmsmail::integration
