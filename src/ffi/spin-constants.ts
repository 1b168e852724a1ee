/** Numbers of the calls that a spinning thread makes by itself; Linux on x64 and arm64 share them, and so do both darwins. */
export interface SpinConstants {
  readonly EAGAIN: number;
  readonly SHUT_WR: number;
  readonly POLLIN: number;
  readonly POLLOUT: number;
  readonly SO_LINGER: number;
  /** The option that asks for receive timestamps, and the type of the control message that brings them. Null where there are none. */
  readonly SO_TIMESTAMPNS: number | null;
}

export const LINUX_SPIN: SpinConstants = {
  EAGAIN: 11,
  SHUT_WR: 1,
  POLLIN: 0x1,
  POLLOUT: 0x4,
  SO_LINGER: 13,
  SO_TIMESTAMPNS: 35,
};

export const DARWIN_SPIN: SpinConstants = {
  EAGAIN: 35,
  SHUT_WR: 1,
  POLLIN: 0x1,
  POLLOUT: 0x4,
  SO_LINGER: 0x0080,
  SO_TIMESTAMPNS: null,
};
