#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "tests/chaos/provider.h"
#include "tests/chaos/proxy.h"
#include "tests/chaos/sink.h"
#include "tests/integration/suite/process.h"
#include "tests/integration/suite/suite.h"

namespace lmsmail::chaos {

// The two templates. A receipt is resent if its outcome is uncertain; a newsletter is not.
inline constexpr std::string_view kReceiptTemplate = "receipt";
inline constexpr std::string_view kNewsletterTemplate = "newsletter";
inline constexpr int kStudents = 500;
// The id of a student, as in tests/integration/suite/lms_client.h.
std::string StudentId(int number);
// Whether the student has opted out of newsletters.
constexpr bool OptedOut(int student) { return student % 10 == 0; }
// A provider refuses the address of this one.
inline constexpr int kRefusedStudent = 7;
static_assert(!OptedOut(kRefusedStudent));

// The configuration of every replica. To a provider, these are requests in flight.
inline constexpr int kConnectionsPerReplica = 8;
inline constexpr absl::Duration kLease = absl::Seconds(10);
inline constexpr absl::Duration kMinBreakerOpenTime = absl::Seconds(1);

// The system under test: a database, a template and a preference service, three replicas of
// dispatch, and a receiving server. The replicas reach the database and the server through proxies.
//
//   dispatch 0 ─╮                ╭─▶ database ◀── template, preference
//   dispatch 1 ─┼─▶ proxies ─────┤
//   dispatch 2 ─╯                ╰─▶ sink
//
// Or mail goes to the fake of a provider's API, without a proxy, so that connections are refused
// while it is down.
//
// Everything ends with this object. Only the methods that say so are thread-safe.
class Cluster {
 public:
  using Dispatch = dispatch::v1::DispatchService::StubInterface;
  static constexpr int kReplicas = 3;

  // Starts everything, waits until every service is SERVING, and creates students and templates.
  // Logs, journals and ledgers go to `folder`. `flags` are added for every replica. `provider` is
  // the kind of the provider that mail goes to; empty: it goes to the sink.
  static absl::StatusOr<std::unique_ptr<Cluster>> Start(std::filesystem::path folder,
                                                        std::vector<std::string> flags = {},
                                                        std::string_view provider = {});

  integration::Suite& suite() { return *suite_; }
  Sink& sink() { return *sink_; }
  // nullptr if mail goes to the sink.
  Provider* provider() { return provider_.get(); }
  // The number of mails that the sink or the provider accepted; all of them. Thread-safe.
  absl::StatusOr<std::int64_t> CountReceived();
  absl::StatusOr<std::vector<Received>> ReadReceived();
  Proxy& database_link() { return *database_link_; }
  Proxy& smtp_link() { return *smtp_link_; }
  // The folder of the database files and of the socket.
  std::filesystem::path database_folder() const;

  // The worker name of a replica in ListInFlight.
  static std::string WorkerName(int number);

  // Returns a client of a replica. Thread-safe.
  std::shared_ptr<Dispatch> replica(int number) ABSL_LOCKS_EXCLUDED(mutex_);

  // Sends SIGKILL. Unless `keep_state`, also removes its state directory, as if the volume is lost.
  absl::Status KillReplica(int number, bool keep_state = true);
  // Starts a replica again. Does not wait until it serves.
  absl::Status StartReplica(int number);
  void SignalReplica(int number, int signal);
  integration::Process& process(int number);
  // The address and the port of its gRPC server.
  const std::string& TargetOf(int number) const;
  absl::Status WaitUntilReplicasServe();

  // Records an action with its time, for the explanation of duplicates.
  void RecordEvent(std::string what);
  struct Event {
    absl::Time time;
    std::string what;
  };
  const std::vector<Event>& events() const { return events_; }

 private:
  struct Replica {
    std::string listen;
    std::unique_ptr<integration::Process> process;
    std::shared_ptr<grpc::Channel> channel;
    std::shared_ptr<Dispatch> stub;
  };

  Cluster(std::filesystem::path folder, std::vector<std::string> flags)
      : folder_(std::move(folder)), flags_(std::move(flags)) {}
  absl::Status Prepare(std::string_view provider);
  absl::Status CreateData();
  std::filesystem::path StateOf(int number) const;
  std::vector<std::string> CommandOf(int number, const std::string& listen) const;
  absl::Status Connect(Replica& replica);

  const std::filesystem::path folder_;
  const std::vector<std::string> flags_;
  std::unique_ptr<integration::Suite> suite_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Provider> provider_;
  std::unique_ptr<Proxy> database_link_;
  std::unique_ptr<Proxy> smtp_link_;
  std::vector<Event> events_;
  absl::Mutex mutex_;  // guards the stubs; the rest is used by the thread that applies the fault
  std::vector<Replica> replicas_;
};

}  // namespace lmsmail::chaos
