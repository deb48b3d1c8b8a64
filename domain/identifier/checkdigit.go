package identifier

import "strings"

// The check characters. Each function answers 0 when its argument does not have
// the length and alphabet it needs, which no check character ever equals.

const residentChecks = "10X98765432"

var residentWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// ResidentIDCheck is the 18th character of a resident ID with these first 17
// digits (GB 11643, which is ISO 7064 MOD 11-2).
func ResidentIDCheck(first17 string) byte {
	if len(first17) != 17 || !digits(first17) {
		return 0
	}
	sum := 0
	for i, w := range residentWeights {
		sum += int(first17[i]-'0') * w
	}
	return residentChecks[sum%11]
}

// usccAlphabet leaves out I, O, S, V and Z, which look like other characters.
const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

var usccWeights = [17]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}

// USCCCheck is the 18th character of a unified social credit code with these
// first 17 characters (GB 32100).
func USCCCheck(first17 string) byte {
	if len(first17) != 17 {
		return 0
	}
	sum := 0
	for i, w := range usccWeights {
		v := strings.IndexByte(usccAlphabet, first17[i])
		if v < 0 {
			return 0
		}
		sum += v * w
	}
	// The outer remainder matters: with sum%31 == 0 the plain difference is 31,
	// which is no character of the alphabet.
	return usccAlphabet[(31-sum%31)%31]
}

var orgWeights = [8]int{3, 7, 9, 10, 5, 8, 4, 2}

// OrgCodeCheck is the ninth character of an organisation code with these first
// eight (GB 11714).
func OrgCodeCheck(first8 string) byte {
	if len(first8) != 8 {
		return 0
	}
	sum := 0
	for i, w := range orgWeights {
		switch c := first8[i]; {
		case c >= '0' && c <= '9':
			sum += int(c-'0') * w
		case c >= 'A' && c <= 'Z':
			sum += int(c-'A'+10) * w
		default:
			return 0
		}
	}
	switch v := 11 - sum%11; v {
	case 10:
		return 'X'
	case 11:
		return '0'
	default:
		return byte('0' + v)
	}
}

// Mod1110Check is the check digit that ISO 7064 MOD 11,10 appends to these
// digits: the last of a 15-digit licence number and of a CNAPS branch code.
func Mod1110Check(payload string) byte {
	if !digits(payload) {
		return 0
	}
	p := 10
	for i := range len(payload) {
		s := (p + int(payload[i]-'0')) % 10
		if s == 0 {
			s = 10
		}
		p = s * 2 % 11
	}
	return byte('0' + (11-p)%10)
}

// LicenceCheck is the 15th digit of a licence number with these first 14.
func LicenceCheck(first14 string) byte {
	if len(first14) != 14 {
		return 0
	}
	return Mod1110Check(first14)
}

// CNAPSCheck is the 12th digit of a branch code with these first 11.
func CNAPSCheck(first11 string) byte {
	if len(first11) != 11 {
		return 0
	}
	return Mod1110Check(first11)
}

// LuhnCheck is the digit that the Luhn scheme (ISO/IEC 7812-1) appends to these
// digits.
func LuhnCheck(payload string) byte {
	if !digits(payload) {
		return 0
	}
	sum := 0
	for i := range len(payload) {
		v := int(payload[len(payload)-1-i] - '0')
		if i%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return byte('0' + (10-sum%10)%10)
}
