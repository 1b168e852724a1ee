/**
 * WebAssembly that unmasks frames, sixteen bytes a step: what JavaScript has no instruction for. Exports one page of `memory`, and
 * `unmask(end, header, step)`: in `[0, end)` lie frames of `step` bytes one behind the other, of each of which the first `header` are not
 * payload and the last four of those its masking key. Made anew at each call; each line is followed by what it says.
 *
 * What is left of a payload after the last sixteen bytes is not taken together with what follows it: the next frame is read at once, and a
 * processor has to wait where it reads across what was just written.
 */
export function unmaskModule(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(LISTING.replace(/;;.*/g, "").trim().split(/\s+/), (byte) => Number.parseInt(byte, 16));
}

const LISTING = `
  00 61 73 6d 01 00 00 00                                ;; (module
  01 07 01 60 03 7f 7f 7f 00                             ;; (type (func (param $end $header $step i32)))
  03 02 01 00                                            ;; (func (type 0))
  05 04 01 01 01 01                                      ;; (memory 1 1)
  07 13 02 06 6d 65 6d 6f 72 79 02 00 06 75 6e 6d 61 73 
  6b 00 00                                               ;; (export "memory" (memory 0)) (export "unmask" (func 0))
  0a 99 02 01 96 02                                      ;; (code
  03 05 7f 01 7b 01 7e                                   ;; (local $at $at16 $whole $rest $key i32) (local $keys v128) (local $key2 i64)
  20 02 20 01 6b 41 1f 71 21 06                          ;; $rest = ($step - $header) & 31
  03 40                                                  ;; loop ;; a frame
  20 03 20 01 6a 22 04                                   ;;   $pos = $at + $header
  41 04 6b 28 00 00 22 07 fd 11 21 08                    ;;   $keys = splat($key = load32($pos - 4))
  20 04 20 02 20 01 6b 41 60 71 6a 21 05                 ;;   $whole = $pos + (($step - $header) & -32)
  20 04 20 05 49 04 40                                   ;;   if $pos < $whole
  03 40                                                  ;;     loop ;; 32 bytes
  20 04 20 04 fd 00 00 00 20 08 fd 51 fd 0b 00 00        ;;       store128($pos, load128($pos) ^ $keys)
  20 04 20 04 fd 00 00 10 20 08 fd 51 fd 0b 00 10        ;;       store128($pos + 16, load128($pos + 16) ^ $keys)
  20 04 41 20 6a 22 04 20 05 49 0d 00 0b 0b              ;;       repeat while ($pos += 32) < $whole
  20 06 41 10 71 04 40                                   ;;   if $rest & 16
  20 04 20 04 fd 00 00 00 20 08 fd 51 fd 0b 00 00 20 04 
  41 10 6a 21 04 0b                                      ;;     store128($pos, load128($pos) ^ $keys), $pos += 16
  20 06 41 0f 71 04 40                                   ;;   if $rest & 15
  20 06 41 08 71 04 40                                   ;;     if $rest & 8
  20 08 fd 1d 00 21 09                                   ;;       $key2 = $keys[0, 1]
  20 04 20 04 29 00 00 20 09 85 37 00 00 20 04 41 08 6a 
  21 04 0b                                               ;;       store64($pos, load64($pos) ^ $key2), $pos += 8
  20 06 41 04 71 04 40                                   ;;     if $rest & 4
  20 04 20 04 28 00 00 20 07 73 36 00 00 20 04 41 04 6a 
  21 04 0b                                               ;;       store32($pos, load32($pos) ^ $key), $pos += 4
  20 06 41 02 71 04 40                                   ;;     if $rest & 2
  20 04 20 04 2f 00 00 20 07 73 3b 00 00 20 04 41 02 6a 
  21 04                                                  ;;       store16($pos, load16($pos) ^ $key), $pos += 2
  20 07 41 10 76 21 07 0b                                ;;       $key >>= 16
  20 06 41 01 71 04 40                                   ;;     if $rest & 1
  20 04 20 04 2d 00 00 20 07 73 3a 00 00 0b 0b           ;;       store8($pos, load8($pos) ^ $key)
  20 03 20 02 6a 22 03 20 00 49 0d 00                    ;;   repeat while ($at += $step) < $end
  0b 0b                                                  ;; end
`;
