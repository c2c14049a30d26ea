#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "libs/http_server/responder.h"

namespace lmsmail::http_server {

// Where the answer to one request waits for its connection. The handler's side may be called on any
// thread, and may outlive the connection and the server.
class Exchange final : public ResponseSink {
 public:
  // Without a response, the connection is cut.
  struct Answer {
    std::optional<Response> response;
  };

  void Send(Response response) override;
  void Cut() override;
  void SetRoute(std::string_view pattern) override;

  // Whether the answer is there. If not, `wake` will be called once it is, on the thread of the
  // handler, unless Leave() was called before.
  bool Await(std::function<void()> wake);
  bool answered() const;
  // The connection does not wait any longer: ignores an answer that comes later. Absent if none has
  // come so far.
  std::optional<Answer> Leave();
  // The route so far.
  std::string route() const;

 private:
  void Finish(std::optional<Response> response);

  mutable absl::Mutex mutex_;
  std::string route_ ABSL_GUARDED_BY(mutex_);
  std::optional<Answer> answer_ ABSL_GUARDED_BY(mutex_);
  bool left_ ABSL_GUARDED_BY(mutex_) = false;
  std::function<void()> wake_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::http_server
