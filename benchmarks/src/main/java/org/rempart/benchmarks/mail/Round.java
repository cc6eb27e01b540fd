/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.util.Arrays;

/**
 * What one contestant did in one round of one load.
 *
 * @param mails how many were sent and taken
 * @param acceptSeconds from the first word of the first client to the last 250
 * @param deliverSeconds from there to when the last one was seen at the other end
 * @param answerMillis what each client waited from MAIL FROM to the 250 of its message, sorted
 * @param arriveMillis from MAIL FROM to the next server, sorted; empty where the other end is a mailbox
 * @param cpuMillis CPU time of the server for all of it
 * @param refused how many sendings failed
 * @param late how many mails had not arrived when waiting ended
 * @param load the machine's load average before
 */
record Round(
        int mails,
        double acceptSeconds,
        double deliverSeconds,
        double[] answerMillis,
        double[] arriveMillis,
        long cpuMillis,
        int refused,
        int late,
        double load) {

    double accepted() {
        return mails / acceptSeconds;
    }

    double delivered() {
        return (mails - late) / deliverSeconds;
    }

    double cpuPerMail() {
        return mails == 0 ? 0 : (double) cpuMillis / mails;
    }

    /** The value below which this share of sorted values lies; 0 when there are none. */
    static double percentile(double[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[Math.min(sorted.length - 1, (int) Math.floor(share * sorted.length))];
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
