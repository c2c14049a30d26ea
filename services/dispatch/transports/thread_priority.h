#pragma once

// The nice values of threads that serve ordinary mail (setpriority(2)).
namespace lmsmail::dispatch {

// Rendering bulk mail uses all the CPU it gets; every other thread goes first.
inline constexpr int kRenderThreadNice = 15;
// Below the rendering threads, so that several replies wait when the thread runs. When it woke for
// each reply, it and the server preempted the other threads once a mail: 15 % fewer mails a second.
inline constexpr int kSmtpThreadNice = 19;

}  // namespace lmsmail::dispatch
