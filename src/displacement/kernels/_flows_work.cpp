// The part of the kernel of flows that works on vectors, compiled once for each instruction set.
//
// It uses no templates or inline functions of the standard library: their copies here, made for a newer processor,
// could be the ones that the linker keeps for all.

#include "_flows.hpp"

#include "_eight.hpp"

namespace {

using flows::Draw;
using flows::Leaving;
using flows::Ring;
using flows::Timetable;
using std::ptrdiff_t;

// Four sums in turn, so that one addition need not wait for the other.
inline double product(const double* near, const double* weight, ptrdiff_t places) {
    Eight one = alike(0.0), two = alike(0.0), three = alike(0.0), four = alike(0.0);
    ptrdiff_t at = 0;
    for (; at + 4 * EIGHT <= places; at += 4 * EIGHT) {
        one = one + get(near + at) * get(weight + at);
        two = two + get(near + at + EIGHT) * get(weight + at + EIGHT);
        three = three + get(near + at + 2 * EIGHT) * get(weight + at + 2 * EIGHT);
        four = four + get(near + at + 3 * EIGHT) * get(weight + at + 3 * EIGHT);
    }
    for (; at < places; at += EIGHT) one = one + get(near + at, places - at) * get(weight + at, places - at);
    return sum((one + two) + (three + four));
}

void totals(const Draw& draw, double* total) {
    for (ptrdiff_t group = 0; group < draw.groups; ++group)
        total[group] = product(draw.near + draw.entry[group] * draw.places,
                               draw.weight + draw.key[group] * draw.places, draw.places);
}

// The next group from `group` on whose people are counted; the number of groups where there is none. `total` is what
// draws it.
inline ptrdiff_t next(const Draw& draw, const double* people, ptrdiff_t group, double& total) {
    for (; group < draw.groups; ++group) {
        if (!(people[group] > 0)) continue;
        total = product(draw.near + draw.entry[group] * draw.places, draw.weight + draw.key[group] * draw.places,
                        draw.places);
        if (total > 0) break;
    }
    return group;
}

void pulled(const Draw& draw, const double* people, double* found) {
    double total, other_total;
    for (ptrdiff_t group = next(draw, people, 0, total); group < draw.groups;) {
        const ptrdiff_t other = next(draw, people, group + 1, other_total);
        const double* near = draw.near + draw.entry[group] * draw.places;
        double* to = found + draw.key[group] * draw.places;
        const Eight each = alike(people[group] / total);
        if (other < draw.groups && draw.key[other] == draw.key[group]) {
            const double* near_other = draw.near + draw.entry[other] * draw.places;
            const Eight each_other = alike(people[other] / other_total);
            for (ptrdiff_t at = 0; at < draw.places; at += EIGHT) {
                const ptrdiff_t left = draw.places - at;
                put(to + at, get(to + at, left) + (get(near + at, left) * each + get(near_other + at, left) * each_other),
                    left);
            }
            group = next(draw, people, other + 1, total);
            continue;
        }
        for (ptrdiff_t at = 0; at < draw.places; at += EIGHT) {
            const ptrdiff_t left = draw.places - at;
            put(to + at, get(to + at, left) + get(near + at, left) * each, left);
        }
        group = other;
        total = other_total;
    }
}

// People of a set who set off for eight places, by class of travel time, [place, class]: few classes occur for a place,
// and they lie together.
struct Classes {
    double* people;
    ptrdiff_t first[EIGHT], last[EIGHT];
};

// Add up a set's people who set off for the eight places from `at` on; all of them by place in `sent`.
inline void add_up(const Draw& draw, const double* each, const Timetable& table, ptrdiff_t set, ptrdiff_t at,
                   Classes& classes, Eight& sent) {
    const ptrdiff_t left = draw.places - at, places = left < EIGHT ? left : EIGHT;
    sent = alike(0.0);
    for (int place = 0; place < EIGHT; ++place) {
        classes.first[place] = table.classes;
        classes.last[place] = -1;
    }
    for (int64_t position = table.first[set]; position < table.first[set + 1]; ++position) {
        const int64_t group = table.member[position];
        if (each[group] == 0) continue;
        const double* near = draw.near + draw.entry[group] * draw.places + at;
        const uint16_t* cost = table.cost + table.origin[group] * draw.places + at;
        fetch(near + 2 * EIGHT);
        fetch(cost + 4 * EIGHT);
        const Eight flow =
            get(near, left) * get(draw.weight + draw.key[group] * draw.places + at, left) * alike(each[group]);
        if (!any(flow)) continue;
        sent = sent + flow;
        double people[EIGHT];
        put(people, flow);
        for (ptrdiff_t place = 0; place < places; ++place) {
            if (!(people[place] > 0)) continue;
            const ptrdiff_t own = cost[place];
            classes.people[place * table.classes + own] += people[place];
            classes.first[place] = own < classes.first[place] ? own : classes.first[place];
            classes.last[place] = own > classes.last[place] ? own : classes.last[place];
        }
    }
}

// When they arrive: sixteen lags from `lag` on, [place, lag].
inline void spread(const Timetable& table, const Classes& classes, ptrdiff_t lag, double (&when)[EIGHT][2 * EIGHT]) {
    const bool both = lag + EIGHT < table.padded;
    for (int place = 0; place < EIGHT; ++place) {
        Eight early = alike(0.0), late = alike(0.0);
        for (ptrdiff_t own = classes.first[place]; own <= classes.last[place]; ++own) {
            const Eight people = alike(classes.people[place * table.classes + own]);
            const double* weights = table.weights + own * table.padded + lag;
            early = early + people * get(weights);
            if (both) late = late + people * get(weights + EIGHT);
        }
        put(when[place], early);
        put(when[place] + EIGHT, late);
    }
}

// The same without adding up first, which is quicker for few groups.
inline void spread_each(const Draw& draw, const double* each, const Timetable& table, ptrdiff_t set, ptrdiff_t at,
                        ptrdiff_t lag, Eight& sent, double (&when)[EIGHT][2 * EIGHT]) {
    const ptrdiff_t left = draw.places - at;
    const double* weights = table.weights + lag;
    const ptrdiff_t more = lag + EIGHT < table.padded ? EIGHT : 0;
    Eight all = alike(0.0), early[EIGHT], late[EIGHT];
    for (int place = 0; place < EIGHT; ++place) early[place] = late[place] = all;
    for (int64_t position = table.first[set]; position < table.first[set + 1]; ++position) {
        const int64_t group = table.member[position];
        if (each[group] == 0) continue;
        const double* near = draw.near + draw.entry[group] * draw.places + at;
        const uint16_t* cost = table.cost + table.origin[group] * draw.places + at;
        fetch(near + 2 * EIGHT);
        fetch(cost + 4 * EIGHT);
        const Eight flow =
            get(near, left) * get(draw.weight + draw.key[group] * draw.places + at, left) * alike(each[group]);
        if (!any(flow)) continue;
        all = all + flow;
        double people[EIGHT];
        put(people, flow);
        uint16_t some[EIGHT] = {};
        if (left < EIGHT) {
            for (ptrdiff_t place = 0; place < left; ++place) some[place] = cost[place];
            cost = some;
        }
        for (int place = 0; place < EIGHT; ++place) {
            const Eight those = alike(people[place]);
            early[place] = early[place] + get(weights + cost[place] * table.padded) * those;
            late[place] = late[place] + get(weights + cost[place] * table.padded + more) * those;
        }
    }
    sent = all;
    for (int place = 0; place < EIGHT; ++place) {
        put(when[place], early[place]);
        put(when[place] + EIGHT, late[place]);
    }
}

constexpr int64_t FEW = 32;  // groups of a set

void arriving(const Draw& draw, const double* each, const Timetable& table, double* room, double* sent, double* by_lag) {
    Classes classes;
    classes.people = room;
    Eight all;
    double when[EIGHT][2 * EIGHT];
    for (ptrdiff_t set = 0; set < table.sets; ++set) {
        const bool few = table.first[set + 1] - table.first[set] <= FEW;
        for (ptrdiff_t at = 0; at < draw.places; at += EIGHT) {
            const ptrdiff_t left = draw.places - at, places = left < EIGHT ? left : EIGHT;
            if (!few) add_up(draw, each, table, set, at, classes, all);
            for (ptrdiff_t first = 0; first < table.lags; first += 2 * EIGHT) {
                if (few)
                    spread_each(draw, each, table, set, at, first, all, when);
                else
                    spread(table, classes, first, when);
                for (ptrdiff_t lag = first; lag < table.lags && lag < first + 2 * EIGHT; ++lag) {
                    double* to = by_lag + (lag * table.sets + set) * draw.places + at;
                    for (ptrdiff_t place = 0; place < places; ++place) to[place] = when[place][lag - first];
                }
            }
            put(sent + set * draw.places + at, all, left);
            if (few) continue;
            for (ptrdiff_t place = 0; place < places; ++place)
                for (ptrdiff_t own = classes.first[place]; own <= classes.last[place]; ++own)
                    room[place * table.classes + own] = 0.0;
        }
    }
}

void send(const Ring& ring, const double* going, bool by_place, const double* pace, ptrdiff_t lags, ptrdiff_t sets,
          const int64_t* set) {
    for (ptrdiff_t lag = 0; lag < lags; ++lag) {
        const ptrdiff_t slot = (ring.due + lag) % ring.slots;
        double* of_places = ring.of_places + slot * ring.places;
        for (ptrdiff_t row = 0; row < ring.rows; ++row) {
            const double* own = going + row * (by_place ? ring.places : 1);
            if (!by_place && *own == 0) continue;
            const double* when = pace + (lag * sets + set[row]) * ring.places;
            double* to = ring.people + (slot * ring.rows + row) * ring.places;
            Eight all_places = alike(0.0);
            const Eight everywhere = alike(*own);
            for (ptrdiff_t at = 0; at < ring.places; at += EIGHT) {
                const ptrdiff_t left = ring.places - at;
                const Eight people = (by_place ? get(own + at, left) : everywhere) * get(when + at, left);
                put(to + at, get(to + at, left) + people, left);
                put(of_places + at, get(of_places + at, left) + people, left);
                all_places = all_places + people;
            }
            ring.of_rows[slot * ring.rows + row] += sum(all_places);
        }
    }
}

// With a and b the chances of two ways to leave if each were alone, a + b - a b leave; of them each way takes its part
// of the hazard.
void leave(const Leaving& leaving) {
    const Eight least = alike(1e-300);
    for (ptrdiff_t row = 0; row < leaving.rows; ++row) {
        const double *present = leaving.present + row * leaving.places,
                     *onward = leaving.onward + leaving.key[row] * leaving.places,
                     *moved = leaving.moved + leaving.key[row] * leaving.places,
                     *open = leaving.open + leaving.way[row] * leaving.places;
        const Eight homeward = alike(leaving.homeward[row]), returned = alike(leaving.returned[row]);
        for (ptrdiff_t at = 0; at < leaving.places; at += EIGHT) {
            const ptrdiff_t left = leaving.places - at;
            const Eight a = get(moved + at, left), way = get(open + at, left), b = returned * way;
            const Eight gone = get(present + at, left) * (a + b - a * b);
            const Eight hazard = homeward * way;
            const Eight home = gone * (hazard / greater(hazard + get(onward + at, left), least));
            put(leaving.home + row * leaving.places + at, home, left);
            put(leaving.on + row * leaving.places + at, gone - home, left);
        }
    }
}

}  // namespace

#define NAME_OF(name) #name
#define NAME(name) NAME_OF(name)

namespace flows {
extern const Variant KERNEL_VARIANT;
const Variant KERNEL_VARIANT = {NAME(KERNEL_VARIANT), totals, pulled, arriving, send, leave};
}  // namespace flows
