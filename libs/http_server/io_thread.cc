#include "libs/http_server/io_thread.h"

#include <boost/asio/post.hpp>

#include <utility>
#include <vector>

#include "libs/http_server/connection.h"

namespace lmsmail::http_server {

IoThread::IoThread(std::chrono::milliseconds tick)
    : work_(io_.get_executor()), timer_(io_), tick_(tick) {}

IoThread::~IoThread() { Join(); }

void IoThread::Add(std::shared_ptr<Connection> connection) {
  connections_.insert(std::move(connection));
  if (connections_.size() == 1) ScheduleTick();
}

void IoThread::Remove(const std::shared_ptr<Connection>& connection) {
  connections_.erase(connection);
  if (connections_.empty()) timer_.cancel();
}

void IoThread::Drain() {
  draining_ = true;
  for (const auto& connection : connections_) connection->Drain();
}

void IoThread::CutAll() {
  draining_ = true;
  for (const auto& connection : connections_) connection->Cut();
}

void IoThread::Start() {
  thread_ = std::thread([this] {
    // Exceptions of handlers and coroutines are caught where they arise.
    io_.run();
  });
}

void IoThread::Join() {
  work_.reset();
  if (thread_.joinable()) thread_.join();
}

void IoThread::ScheduleTick() {
  timer_.expires_after(tick_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Tick();
  });
}

void IoThread::Tick() {
  const auto now = std::chrono::steady_clock::now();
  // OnDeadline only cancels operations, whose handlers run later: the set does not change here.
  for (const auto& connection : connections_) {
    if (connection->deadline() <= now) connection->OnDeadline();
  }
  if (!connections_.empty()) ScheduleTick();
}

}  // namespace lmsmail::http_server
