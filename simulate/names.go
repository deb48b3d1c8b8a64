package simulate

import "strings"

// A syllable is a character of a name and how it is spelt in Latin letters.
type syllable struct{ han, latin string }

// syllables reads "王wang 李li".
func syllables(s string) []syllable {
	var out []syllable
	for _, w := range strings.Fields(s) {
		i := strings.IndexFunc(w, func(r rune) bool { return r < 0x80 })
		out = append(out, syllable{w[:i], w[i:]})
	}
	return out
}

// The most common surnames, the first ones listed several times: they are many
// more people's.
var surnames = syllables(`王wang 王wang 王wang 李li 李li 李li 张zhang 张zhang 张zhang 刘liu 刘liu
	陈chen 陈chen 杨yang 杨yang 黄huang 赵zhao 吴wu 周zhou 徐xu 孙sun 马ma 朱zhu 胡hu 郭guo 何he 林lin 高gao
	罗luo 郑zheng 梁liang 谢xie 宋song 唐tang 许xu 邓deng 韩han 冯feng 曹cao 彭peng 曾zeng 肖xiao 田tian
	董dong 潘pan 袁yuan 蔡cai 蒋jiang 余yu 于yu 杜du 叶ye 程cheng 魏wei 苏su 吕lv 丁ding 任ren 卢lu 姚yao
	沈shen 钟zhong 姜jiang 崔cui 谭tan 陆lu 范fan 汪wang 廖liao 石shi 金jin 韦wei 贾jia 夏xia 付fu 方fang
	邹zou 熊xiong 白bai 孟meng 秦qin 邱qiu 侯hou 江jiang 尹yin 薛xue 欧阳ouyang 司马sima 诸葛zhuge`)

var (
	menFirst = syllables(`建jian 志zhi 伟wei 国guo 文wen 明ming 永yong 家jia 俊jun 浩hao 子zi 天tian 宇yu 晓xiao
		海hai 立li 振zhen 世shi 泽ze 梓zi 博bo 嘉jia 思si 少shao 学xue 德de 成cheng 春chun 正zheng 立li`)
	menLast = syllables(`华hua 军jun 强qiang 平ping 涛tao 斌bin 辉hui 鹏peng 杰jie 峰feng 超chao 波bo 刚gang 宇yu
		轩xuan 然ran 宁ning 东dong 林lin 龙long 生sheng 明ming 毅yi 凯kai 帆fan 航hang 远yuan 诚cheng 亮liang 洋yang`)
	womenFirst = syllables(`晓xiao 雅ya 思si 雨yu 美mei 丽li 文wen 婷ting 子zi 梦meng 佳jia 诗shi 欣xin 玉yu 秀xiu
		春chun 海hai 若ruo 静jing 慧hui 嘉jia 艳yan 红hong 月yue 晨chen 可ke 安an 心xin 书shu 语yu`)
	womenLast = syllables(`芳fang 娜na 敏min 静jing 丽li 艳yan 娟juan 霞xia 婷ting 雪xue 琳lin 颖ying 涵han 怡yi
		洁jie 玲ling 莉li 燕yan 梅mei 萍ping 云yun 兰lan 琪qi 瑶yao 妍yan 欣xin 宁ning 然ran 君jun 英ying`)
)

// The brands are two syllables, the first from one list and the second from the
// other; their spelling makes the domain.
var (
	brandFirst = syllables(`云yun 海hai 青qing 星xing 金jin 瑞rui 恒heng 盛sheng 鼎ding 华hua 天tian 东dong 新xin
		佳jia 优you 乐le 和he 安an 智zhi 启qi 嘉jia 博bo 宏hong 汇hui 晨chen 明ming 远yuan 卓zhuo 睿rui 锦jin
		百bai 永yong 凯kai 博bo 秋qiu 春chun 山shan 林lin 木mu 禾he 禅chan 知zhi 拾shi 朴pu 素su 逸yi 润run 泰tai`)
	brandSecond = syllables(`杉shan 帆fan 禾he 澜lan 航hang 达da 源yuan 通tong 晟sheng 和he 创chuang 途tu 峰feng
		宇yu 舟zhou 翼yi 桥qiao 光guang 泉quan 谷gu 野ye 邻lin 选xuan 品pin 集ji 物wu 里li 味wei 舍she 屋wu
		物wu 然ran 尚shang 诚cheng 信xin 远yuan 洋yang 丰feng 茂mao 泽ze 润run 合he 顺shun 昌chang 隆long 兴xing 康kang 宁ning`)
)

// industry is what a merchant deals in: the middle of a company's name, its
// scope, and what its site sells.
type industry struct {
	name   string // before 有限公司
	shop   string // after the brand, as the site's title
	scope  string
	slogan string
	goods  [4]string
	yuan   [4]int // prices
}

var industries = []industry{
	{"网络科技", "数码馆", "网络技术开发、技术咨询、技术服务；网上销售：电子产品、通讯设备、计算机软硬件及辅助设备。", "让科技更懂生活",
		[4]string{"无线蓝牙耳机", "机械键盘", "便携充电宝", "智能台灯"}, [4]int{299, 429, 129, 189}},
	{"茶业", "茶舍", "茶叶零售；网上销售：预包装食品、茶具、工艺礼品；茶文化交流活动策划。", "把一座山的清香带回家",
		[4]string{"明前龙井 250克", "手工紫砂壶", "陶瓷茶杯四件套", "竹制茶盘"}, [4]int{268, 498, 89, 158}},
	{"服饰", "衣橱", "服装、鞋帽、针纺织品、箱包的设计与销售；网上贸易代理；货物进出口。", "穿得舒服，刚刚好",
		[4]string{"纯棉长袖衬衫", "羊毛针织开衫", "宽松休闲裤", "真皮单肩包"}, [4]int{199, 359, 229, 588}},
	{"文化创意", "书房", "文化艺术交流策划；图书、文具用品、工艺品销售；设计、制作、代理各类广告。", "给生活一点书卷气",
		[4]string{"手账本礼盒", "黄铜钢笔", "原创帆布包", "木质书立"}, [4]int{128, 239, 79, 65}},
	{"家居用品", "生活馆", "家居用品、日用百货、家具、陶瓷制品的销售；室内装饰设计；网上销售。", "好用的东西都在这里",
		[4]string{"亚麻四件套", "香薰加湿器", "不锈钢保温杯", "收纳抽屉柜"}, [4]int{459, 169, 99, 329}},
	{"生物科技", "护肤坊", "生物技术研发；化妆品、护肤用品、日化用品的销售；网上销售。", "温和，从成分开始",
		[4]string{"保湿面霜", "氨基酸洁面乳", "植物精油皂", "舒缓面膜十片"}, [4]int{149, 89, 39, 118}},
	{"食品", "食集", "预包装食品销售；食用农产品批发、零售；网上销售：坚果、糕点、干货。", "一日三餐，认真对待",
		[4]string{"每日坚果礼盒", "手工鲜花饼", "高原纯蜂蜜", "五常大米 5千克"}, [4]int{138, 46, 78, 69}},
	{"体育用品", "运动馆", "体育用品、健身器材、户外用品的销售；体育赛事策划；网上销售。", "动起来，就现在",
		[4]string{"轻量跑步鞋", "加厚瑜伽垫", "户外冲锋衣", "速干运动上衣"}, [4]int{369, 109, 699, 139}},
	{"母婴用品", "母婴屋", "母婴用品、玩具、童装的销售；育儿信息咨询；网上销售。", "给宝贝安心的每一天",
		[4]string{"婴儿连体衣", "益智积木桶", "儿童保温水壶", "柔软安抚玩偶"}, [4]int{88, 119, 76, 59}},
	{"农业发展", "农场", "农产品种植、销售；水果、蔬菜、花卉的批发与零售；网上销售。", "从田间到餐桌",
		[4]string{"新鲜赣南脐橙", "有机蔬菜套餐", "散养土鸡蛋", "高山小番茄"}, [4]int{58, 99, 45, 36}},
}

var ethnicities = []string{"汉", "汉", "汉", "汉", "汉", "汉", "汉", "汉", "汉", "回", "满", "壮", "苗", "土家", "蒙古", "彝"}

// bank is a bank as its cards and branches show it.
type bank struct {
	code   string
	name   string
	bins   []string // the first digits of its debit cards
	length int      // of a card number
	formal string   // the name on a corporate account's papers
}

var banks = []bank{
	{"102", "中国工商银行", []string{"622202", "621226"}, 19, "中国工商银行股份有限公司"},
	{"103", "中国农业银行", []string{"622848", "622845"}, 19, "中国农业银行股份有限公司"},
	{"104", "中国银行", []string{"621661", "601382"}, 19, "中国银行股份有限公司"},
	{"105", "中国建设银行", []string{"621700", "622700"}, 19, "中国建设银行股份有限公司"},
	{"301", "交通银行", []string{"622260", "622262"}, 19, "交通银行股份有限公司"},
	{"307", "平安银行", []string{"6216261"}, 19, "平安银行股份有限公司"},
	{"308", "招商银行", []string{"622588"}, 16, "招商银行股份有限公司"},
	{"403", "中国邮政储蓄银行", []string{"621799", "622188"}, 19, "中国邮政储蓄银行股份有限公司"},
}

// mobilePrefixes are the first three digits of mobile numbers.
var mobilePrefixes = []string{
	"130", "131", "132", "133", "135", "136", "137", "138", "139", "150", "151", "152", "153", "155", "156", "157", "158", "159",
	"166", "170", "173", "175", "176", "177", "178", "180", "181", "182", "183", "185", "186", "187", "188", "189", "191", "198", "199",
}
