// The lanes of a cell: the values of a group of destinations, side by side in vector registers.
//
// Each branch below is the same type in other instructions: x86 intrinsics, which GCC, Clang and MSVC share, vectors of
// the language as GCC and Clang have them (NEON), or plain loops of fixed length. Only sums, minima and comparisons of single-precision
// numbers are used, so that every branch gives the same bits.

#pragma once

#include <cstdint>
#include <cstring>

#if defined(KERNEL_AVX512) || defined(KERNEL_AVX2)
#include <immintrin.h>
#elif defined(KERNEL_SSE2)
#include <emmintrin.h>
#endif

namespace {

#if defined(KERNEL_AVX512)

constexpr int WIDTH = 16;
using Register = __m512;
using Bits = __m512i;
inline Register load(const float* from) { return _mm512_loadu_ps(from); }
inline void store(float* to, Register value) { _mm512_storeu_ps(to, value); }
inline Register all(float value) { return _mm512_set1_ps(value); }
inline Register add(Register a, Register b) { return _mm512_add_ps(a, b); }
inline Register least(Register a, Register b) { return _mm512_min_ps(a, b); }
inline Bits nothing() { return _mm512_setzero_si512(); }
inline Bits differing(Register a, Register b) {
    return _mm512_xor_si512(_mm512_castps_si512(a), _mm512_castps_si512(b));
}
inline Bits either(Bits a, Bits b) { return _mm512_or_si512(a, b); }
inline bool any(Bits a) { return _mm512_test_epi32_mask(a, a) != 0; }
inline uint32_t where_less(Register a, Register b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }

#elif defined(KERNEL_AVX2)

constexpr int WIDTH = 8;
using Register = __m256;
using Bits = __m256i;
inline Register load(const float* from) { return _mm256_loadu_ps(from); }
inline void store(float* to, Register value) { _mm256_storeu_ps(to, value); }
inline Register all(float value) { return _mm256_set1_ps(value); }
inline Register add(Register a, Register b) { return _mm256_add_ps(a, b); }
inline Register least(Register a, Register b) { return _mm256_min_ps(a, b); }
inline Bits nothing() { return _mm256_setzero_si256(); }
inline Bits differing(Register a, Register b) {
    return _mm256_xor_si256(_mm256_castps_si256(a), _mm256_castps_si256(b));
}
inline Bits either(Bits a, Bits b) { return _mm256_or_si256(a, b); }
inline bool any(Bits a) { return _mm256_testz_si256(a, a) == 0; }
inline uint32_t where_less(Register a, Register b) {
    return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_LT_OQ)));
}

#elif defined(KERNEL_SSE2)

constexpr int WIDTH = 4;
using Register = __m128;
using Bits = __m128i;
inline Register load(const float* from) { return _mm_loadu_ps(from); }
inline void store(float* to, Register value) { _mm_storeu_ps(to, value); }
inline Register all(float value) { return _mm_set1_ps(value); }
inline Register add(Register a, Register b) { return _mm_add_ps(a, b); }
inline Register least(Register a, Register b) { return _mm_min_ps(a, b); }
inline Bits nothing() { return _mm_setzero_si128(); }
inline Bits differing(Register a, Register b) { return _mm_xor_si128(_mm_castps_si128(a), _mm_castps_si128(b)); }
inline Bits either(Bits a, Bits b) { return _mm_or_si128(a, b); }
inline bool any(Bits a) { return _mm_movemask_epi8(_mm_cmpeq_epi32(a, _mm_setzero_si128())) != 0xffff; }
inline uint32_t where_less(Register a, Register b) {
    return static_cast<uint32_t>(_mm_movemask_ps(_mm_cmplt_ps(a, b)));
}

#elif (defined(__GNUC__) || defined(__clang__)) && !defined(KERNEL_LOOPS)

// Vectors of 16 bytes, which every processor has that these compilers make code for: NEON, for one.
constexpr int WIDTH = 4;
typedef float Register __attribute__((vector_size(16)));
typedef int32_t Bits __attribute__((vector_size(16)));
inline Register load(const float* from) {
    Register value;
    std::memcpy(&value, from, sizeof value);
    return value;
}
inline void store(float* to, Register value) { std::memcpy(to, &value, sizeof value); }
inline Register all(float value) { return Register{value, value, value, value}; }
inline Register add(Register a, Register b) { return a + b; }
inline Register least(Register a, Register b) { return a < b ? a : b; }
inline Bits nothing() { return Bits{0, 0, 0, 0}; }
inline Bits differing(Register a, Register b) {
    Bits x, y;
    std::memcpy(&x, &a, sizeof x);
    std::memcpy(&y, &b, sizeof y);
    return x ^ y;
}
inline Bits either(Bits a, Bits b) { return a | b; }
inline bool any(Bits a) {
    int64_t half[2];
    std::memcpy(half, &a, sizeof half);
    return (half[0] | half[1]) != 0;
}
inline uint32_t lanes_of(Bits set) {
    const Bits bit = {1, 2, 4, 8};
    const Bits found = set & bit;
    return static_cast<uint32_t>(found[0] | found[1] | found[2] | found[3]);
}
inline uint32_t where_less(Register a, Register b) { return lanes_of(a < b); }

#else

constexpr int WIDTH = 8;
struct Register {
    float lane[WIDTH];
};
struct Bits {
    uint32_t lane[WIDTH];
};
inline Register load(const float* from) {
    Register value;
    std::memcpy(value.lane, from, sizeof value.lane);
    return value;
}
inline void store(float* to, Register value) { std::memcpy(to, value.lane, sizeof value.lane); }
inline Register all(float value) {
    Register found;
    for (int i = 0; i < WIDTH; ++i) found.lane[i] = value;
    return found;
}
inline Register add(Register a, Register b) {
    for (int i = 0; i < WIDTH; ++i) a.lane[i] += b.lane[i];
    return a;
}
inline Register least(Register a, Register b) {
    for (int i = 0; i < WIDTH; ++i) a.lane[i] = a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i];
    return a;
}
inline Bits nothing() { return Bits{}; }
inline Bits differing(Register a, Register b) {
    Bits x, y;
    std::memcpy(&x, &a, sizeof x);
    std::memcpy(&y, &b, sizeof y);
    for (int i = 0; i < WIDTH; ++i) x.lane[i] ^= y.lane[i];
    return x;
}
inline Bits either(Bits a, Bits b) {
    for (int i = 0; i < WIDTH; ++i) a.lane[i] |= b.lane[i];
    return a;
}
inline bool any(Bits a) {
    uint32_t found = 0;
    for (int i = 0; i < WIDTH; ++i) found |= a.lane[i];
    return found != 0;
}
inline uint32_t where_less(Register a, Register b) {
    uint32_t found = 0;
    for (int i = 0; i < WIDTH; ++i) found |= static_cast<uint32_t>(a.lane[i] < b.lane[i]) << i;
    return found;
}

#endif

}  // namespace
