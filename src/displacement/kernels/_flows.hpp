// What the parts of the compiled kernel of flows share.

#pragma once

#include <cstddef>
#include <cstdint>

namespace flows {

// What draws groups of people to places: near[entry[group], place] * weight[key[group], place].
struct Draw {
    std::ptrdiff_t groups, places;
    const double* near;     // [entry, place]
    const int64_t* entry;   // of each group
    const int64_t* key;     // of each group
    const double* weight;   // [key, place]
};

// When those who set off arrive: sets of groups, by class of travel time.
struct Timetable {
    std::ptrdiff_t sets, classes, lags, padded;  // `padded`: lags, rounded up to eights
    const int64_t* first;               // where the groups of each set begin in `member`, and the end
    const int64_t* member;
    const int64_t* origin;              // row of `cost` of each group
    const uint16_t* cost;               // class of travel time, [origin, place]; the caller sees to it that there are so many
    const double* weights;              // share that arrives 0, 1, 2, ... steps later, [class, padded]
};

// People on the way, by steps left: a ring of slots.
struct Ring {
    std::ptrdiff_t slots, rows, places, due;
    double* people;     // [slot, row, place]
    double* of_rows;    // [slot, row]
    double* of_places;  // [slot, place]
};

constexpr int MOST_SENDINGS = 4;

// People who set off: going[row, place or 0] * pace[lag, set[row], place].
struct Sending {
    const double* going;
    bool by_place;      // whether `going` differs by place
    const double* pace;
    std::ptrdiff_t lags, sets;
    const int64_t* set;  // of each row
};

// Who leaves the places they had fled to.
struct Leaving {
    std::ptrdiff_t rows, places;
    const double* present;     // [row, place]
    const int64_t* key;        // of each row
    const double* onward;      // hazard of moving on, [key, place]
    const double* moved;       // chance of it alone, [key, place]
    const double* homeward;    // hazard of going home, of each row
    const double* returned;    // chance of it alone, of each row
    const int64_t* way;        // row of `open` of each row
    const double* open;        // 1 where there is a way home, else 0, [way, place]
    double* on;                // who moves on, [row, place]
    double* home;              // who goes home, [row, place]
};

struct Variant {
    const char* name;
    // Sum over places of what draws each group.
    void (*totals)(const Draw& draw, double* total);
    // Sum over groups of near * people / total, where `people` is above 0, [key, place]; added to `found`.
    void (*pulled)(const Draw& draw, const double* people, double* found);
    // near * weight * each, added up by set, [set, place], and by when they arrive, [lag, set, place]; `room` is 8 zeros a
    // class.
    void (*arriving)(const Draw& draw, const double* each, const Timetable& table, double* room, double* sent,
                     double* by_lag);
    // Add up to `MOST_SENDINGS` of them to the slots from the one that is due on.
    void (*send)(const Ring& ring, const Sending* sendings, std::ptrdiff_t count);
    void (*leave)(const Leaving& leaving);
};

extern const Variant plain;
#if defined(KERNEL_X86)
extern const Variant sse2, avx2, avx512;
#endif

}  // namespace flows
