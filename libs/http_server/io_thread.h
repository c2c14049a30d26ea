#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <thread>
#include <unordered_set>

namespace lmsmail::http_server {

class Connection;

// A thread with its connections. One timer checks the deadlines of all of them every tick, because
// a timer for each would cost more. All functions but io() and those that say so are for the thread
// alone.
class IoThread {
 public:
  // The thread starts with Start().
  explicit IoThread(std::chrono::milliseconds tick);
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  boost::asio::io_context& io() { return io_; }
  // For what is read from a socket and taken out before the thread does anything else.
  std::array<char, 64 << 10>& scratch() { return scratch_; }

  void Add(std::shared_ptr<Connection> connection);
  void Remove(const std::shared_ptr<Connection>& connection);

  // Whether connections are to be closed after their current request.
  bool draining() const { return draining_; }
  void Drain();
  void CutAll();

  // For the owner.
  void Start();
  bool started() const { return thread_.joinable(); }
  // Ends the thread as soon as it has no connection left.
  void Join();

 private:
  void ScheduleTick();
  void Tick();

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_;
  const std::chrono::milliseconds tick_;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  std::array<char, 64 << 10> scratch_;
  bool draining_ = false;
  std::thread thread_;
};

}  // namespace lmsmail::http_server
