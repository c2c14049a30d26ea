#pragma once

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
#include "tests/chaos/proxy.h"
#include "tests/chaos/sink.h"
#include "tests/integration/process.h"
#include "tests/integration/suite.h"

namespace lmsmail::chaos {

// Two templates: a receipt is sent again when it may not have arrived, a newsletter is not.
inline constexpr std::string_view kReceiptTemplate = "receipt";
inline constexpr std::string_view kNewsletterTemplate = "newsletter";
inline constexpr int kStudents = 500;
std::string StudentName(int number);
// Has opted out of newsletters.
inline bool OptedOut(int student) { return student % 10 == 0; }

// What every replica is told.
inline constexpr int kConnectionsPerReplica = 8;
inline constexpr absl::Duration kLease = absl::Seconds(10);

// What is disturbed: one database, one template and one preference service, three replicas of
// dispatch, and a receiving server. The replicas reach the database and the server through proxies.
//
//   dispatch 0 ─╮                ╭─▶ database ◀── template, preference
//   dispatch 1 ─┼─▶ proxies ─────┤
//   dispatch 2 ─╯                ╰─▶ sink
//
// Everything ends with this object. Thread-safe where it says so.
class Stage {
 public:
  using Dispatch = dispatch::v1::DispatchService::StubInterface;
  static constexpr int kReplicas = 3;

  // Returns when every service is SERVING and students and templates are there. Logs, journals and
  // the sink's ledger go to `folder`. `flags`: more of them, for every replica.
  static absl::StatusOr<std::unique_ptr<Stage>> Start(std::filesystem::path folder,
                                                      std::vector<std::string> flags = {});

  integration::Suite& suite() { return *suite_; }
  Sink& sink() { return *sink_; }
  Proxy& database_link() { return *database_link_; }
  Proxy& smtp_link() { return *smtp_link_; }
  // Where the database has its files and its socket.
  std::filesystem::path database_folder() const;

  // What ListInFlight calls a replica.
  static std::string WorkerName(int number);

  // A replica's client. Thread-safe.
  std::shared_ptr<Dispatch> replica(int number) ABSL_LOCKS_EXCLUDED(mutex_);

  // SIGKILL; without `keep_journal` its journal is removed as well, as with a lost volume.
  absl::Status KillReplica(int number, bool keep_journal = true);
  // Starts a replica that has ended; does not wait until it serves.
  absl::Status StartReplica(int number);
  void SignalReplica(int number, int signal);
  absl::Status WaitUntilReplicasServe();

  // Remembers that something was done to it now, to explain what came of it.
  void Note(std::string what);
  struct Interruption {
    absl::Time at;
    std::string what;
  };
  const std::vector<Interruption>& interruptions() const { return interruptions_; }

 private:
  struct Replica {
    std::string listen;
    std::unique_ptr<integration::Process> process;
    std::shared_ptr<grpc::Channel> channel;
    std::shared_ptr<Dispatch> stub;
  };

  Stage(std::filesystem::path folder, std::vector<std::string> flags)
      : folder_(std::move(folder)), flags_(std::move(flags)) {}
  absl::Status Prepare();
  absl::Status Enrol();
  std::filesystem::path JournalOf(int number) const;
  std::vector<std::string> CommandOf(int number, const std::string& listen) const;
  absl::Status Connect(Replica& replica);

  const std::filesystem::path folder_;
  const std::vector<std::string> flags_;
  std::unique_ptr<integration::Suite> suite_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Proxy> database_link_;
  std::unique_ptr<Proxy> smtp_link_;
  std::vector<Interruption> interruptions_;
  absl::Mutex mutex_;  // guards the stubs; the rest belongs to the thread that disturbs
  std::vector<Replica> replicas_;
};

}  // namespace lmsmail::chaos
