// Package lane holds what a fleet of workers shares about a lane (account × region): the rate
// at which they may send, kept in Redis so that it is one budget however many workers there are.
package lane
